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
