//! STS: who we are.

use super::failure::{Failure, clean};
use super::pace::Call;
use super::reader::Reader;
use crate::platform::{AccountId, Identity};

impl Reader {
    /// Who we are to AWS, and the region we speak to.
    pub async fn identity(&self) -> Result<Identity, Failure> {
        let answer = self.ask(Call::GetCallerIdentity, self.sts().get_caller_identity().send()).await?;
        let (Some(account), Some(arn)) = (answer.account, answer.arn) else {
            return Err(Failure::faulty("sts:GetCallerIdentity named no account or no ARN"));
        };
        Ok(Identity { account: AccountId::new(clean(&account)), arn: clean(&arn), region: self.region().clone() })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::canned::{self, Reply, doors, times};
    use super::*;
    use crate::aws::reader::ANSWER_WITHIN;

    fn answer(account: &str, arn: &str) -> Reply {
        canned::text(
            200,
            &format!(
                "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
                 {account}{arn}</GetCallerIdentityResult></GetCallerIdentityResponse>"
            ),
        )
    }

    #[tokio::test(start_paused = true)]
    async fn the_identity_has_account_arn_and_region() {
        let arn = "<Arn>arn:aws:sts::123456789012:assumed-role/sre-oncall/ada</Arn>";
        let (reader, _, _) = doors(move |_| answer("<Account>123456789012</Account>", arn)).await;
        let identity = reader.identity().await.unwrap();
        assert_eq!((identity.account.as_str(), identity.region.as_str()), ("123456789012", "us-east-1"));
        assert_eq!(identity.arn, "arn:aws:sts::123456789012:assumed-role/sre-oncall/ada");
        let (reader, _, _) = doors(move |_| answer("", arn)).await;
        assert!(matches!(reader.identity().await, Err(Failure::Faulty { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hang_surfaces_on_the_walls_time_out_without_a_second_try() {
        let (reader, _, log) = doors(|_| Reply::Hang).await;
        let began = tokio::time::Instant::now();
        assert_eq!(reader.identity().await, Err(Failure::TimedOut { after: ANSWER_WITHIN }));
        assert_eq!((began.elapsed(), ANSWER_WITHIN), (Duration::from_secs(5), Duration::from_secs(5)));
        assert_eq!(times(&log, "GetCallerIdentity"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_connection_is_the_networks_fault_and_garbage_is_not() {
        let (reader, _, _) = doors(|_| Reply::Broken).await;
        let broken = Failure::Network { detail: "connection broke: reset by peer".into() };
        assert_eq!(reader.identity().await, Err(broken));
        for (status, garbage) in [(200, "\x1b[31m<oops"), (400, "{}"), (502, "<html>bad gateway</html>")] {
            let (reader, _, _) = doors(move |_| canned::text(status, garbage)).await;
            let failure = reader.identity().await.unwrap_err();
            assert!(matches!(&failure, Failure::Faulty { .. }), "{status}: {failure}");
            assert!(!failure.to_string().contains('\x1b'), "{failure}");
            assert!(failure.to_string().contains(&status.to_string()), "{failure}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_that_a_retry_hid_still_shows_on_the_meter() {
        let first = std::sync::atomic::AtomicBool::new(true);
        let (reader, _, log) = doors(move |_| {
            if first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                canned::text(400, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>")
            } else {
                answer("<Account>1</Account>", "<Arn>a</Arn>")
            }
        })
        .await;
        assert!(reader.identity().await.is_ok());
        assert_eq!(times(&log, "GetCallerIdentity"), 2);
        assert_eq!((reader.meter().calls_per_minute(), reader.meter().throttled()), (2, 1));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(reader.meter().calls_per_minute(), 0, "the meter looks back one minute");
    }

    #[tokio::test(start_paused = true)]
    async fn polling_waits_for_the_budget_and_an_operators_question_does_not() {
        let (reader, _, _) = doors(|_| answer("<Account>1</Account>", "<Arn>a</Arn>")).await;
        let began = tokio::time::Instant::now();
        for _ in 0..5 {
            reader.identity().await.unwrap();
        }
        reader.urgent().identity().await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO, "a burst of five, and one that is urgent");
        reader.identity().await.unwrap();
        assert_eq!(began.elapsed().as_secs(), 2, "the urgent one is paid for by polling");
    }
}
