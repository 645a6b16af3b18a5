//! How AWS is reached: which profile, region and endpoint, or a transport in their place – checked before the terminal
//! is touched, connected afterwards.

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_types::region::Region;
use jiff::Timestamp;

use super::failure::{Failure, clean};
use super::meter::Meter;
use super::profiles::{Env, Mend, Profiles, process_env};
use super::reader::Reader;
use super::time::SdkClock;
use super::transport::Transport;
use super::writer::Writer;
use crate::clock::Clock;
use crate::platform::SourceState;

/// Wall seconds until a connection must stand.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// Wall seconds until the credential chain must have answered; its last resort, the instance's metadata service, takes a
/// few to say that it is not there.
const CREDENTIALS_WITHIN: Duration = Duration::from_secs(10);

/// The region of a drill.
const DRILL_REGION: &str = "us-east-1";

/// The regions of AWS's partitions. A region newer than this list is reached with an explicit endpoint.
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// How to reach AWS. Holds no secret.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The profile; `None` leaves it to `AWS_PROFILE` and the default chain.
    pub profile: Option<String>,
    /// The region; `None` leaves it to the environment and the profile.
    pub region: Option<String>,
    /// The endpoint of every service; `None` leaves it to `AWS_ENDPOINT_URL` and AWS's own.
    pub endpoint: Option<String>,
    /// In place of the network: a drill. Then no profile file, no metadata service and no TLS is touched.
    pub transport: Option<Transport>,
}

/// A mistake in how AWS is to be reached, found without asking anybody. One sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    /// No such profile.
    #[error("no profile `{name}` ({origin}){}", did_you_mean(nearest.as_deref()))]
    Profile {
        /// What was given.
        name: String,
        /// Where it was given.
        origin: &'static str,
        /// The nearest that exists.
        nearest: Option<String>,
    },
    /// No such region.
    #[error("no region `{name}` ({origin}){}", did_you_mean(nearest.as_deref()))]
    Region {
        /// What was given.
        name: String,
        /// Where it was given.
        origin: &'static str,
        /// The nearest that exists.
        nearest: Option<String>,
    },
    /// Not an endpoint.
    #[error("endpoint `{url}` ({origin}) {why}; it should look like {nearest}")]
    Endpoint {
        /// What was given.
        url: String,
        /// Where it was given.
        origin: &'static str,
        /// What is wrong with it.
        why: &'static str,
        /// One that would do.
        nearest: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}

impl Access {
    /// Finds what can be known to be wrong without asking anybody: reads the two profile files and the environment.
    ///
    /// # Errors
    /// The first mistake, in the order profile, endpoint, region.
    pub fn check(&self) -> Result<(), Mistake> {
        self.check_in(&process_env)
    }

    fn check_in(&self, env: Env<'_>) -> Result<(), Mistake> {
        if self.transport.is_some() {
            return Ok(());
        }
        let profiles = Profiles::read(env);
        let profile = given(self.profile.as_ref(), "--profile", env, &["AWS_PROFILE"]);
        if let Some((name, origin)) = &profile
            && !profiles.has(name)
            && name != "default"
        {
            let nearest = nearest(name, profiles.names());
            return Err(Mistake::Profile { name: clean(name), origin, nearest });
        }
        let endpoint = given(self.endpoint.as_ref(), "--endpoint-url", env, &["AWS_ENDPOINT_URL"]);
        if let Some((url, origin)) = &endpoint {
            check_endpoint(url, origin)?;
        }
        let in_profile = profiles.region(profile.as_ref().map_or("default", |(name, _)| name));
        let region = given(self.region.as_ref(), "--region", env, &["AWS_REGION", "AWS_DEFAULT_REGION"])
            .or_else(|| Some((in_profile?.to_owned(), "the profile's region")));
        if let Some((name, origin)) = region
            && endpoint.is_none()
            && !REGIONS.contains(&name.as_str())
        {
            let nearest = nearest(&name, REGIONS.iter().copied());
            return Err(Mistake::Region { name: clean(&name), origin, nearest });
        }
        Ok(())
    }

    /// The profiles that `:ctx` can switch to, by name. Reads the two profile files.
    pub fn profiles() -> Vec<String> {
        Profiles::read(&process_env).names().map(str::to_owned).collect()
    }

    /// The regions that `:ctx` can switch to, by name.
    pub fn regions() -> &'static [&'static str] {
        REGIONS
    }
}

/// A setting, and where it was given: the flag before the environment.
fn given(
    flag: Option<&String>,
    name: &'static str,
    env: Env<'_>,
    variables: &[&'static str],
) -> Option<(String, &'static str)> {
    let from_env = || variables.iter().find_map(|variable| Some((env(variable)?, *variable)));
    flag.map(|value| (value.clone(), name)).or_else(from_env)
}

/// The nearest of the known names, if one is near enough to be meant.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<String> {
    let near = |other: &&str| strsim::jaro_winkler(name, other);
    known.min_by(|a, b| near(b).total_cmp(&near(a))).filter(|best| near(best) > 0.6).map(clean)
}

fn check_endpoint(url: &str, origin: &'static str) -> Result<(), Mistake> {
    let mistake =
        |why, nearest: String| Err(Mistake::Endpoint { url: clean(url), origin, why, nearest: clean(&nearest) });
    let Some((scheme, rest)) = url.split_once("://") else {
        return mistake("has no scheme", format!("http://{url}"));
    };
    if !matches!(scheme, "http" | "https") {
        return mistake("has a scheme that is not HTTP", format!("https://{rest}"));
    }
    match url.parse::<http::Uri>() {
        Ok(uri) if uri.host().is_some_and(|host| !host.is_empty()) => Ok(()),
        Ok(_) => mistake("names no host", format!("{scheme}://localhost:5000")),
        Err(_) => mistake("is not a URL", format!("{scheme}://localhost:5000")),
    }
}

/// Opens the two doors. Over the network this finds the credentials first, which may itself ask AWS; a drill is connected
/// at once. May be called again after a failure has been mended.
///
/// # Errors
/// The state to show for every source: no credentials, expired ones, or no region.
pub async fn connect(access: &Access, clock: &Clock) -> Result<(Reader, Writer), SourceState> {
    let (config, mend) = match &access.transport {
        Some(transport) => (drill_config(access, transport, clock), Mend::Drill),
        None => network_config(access).await.map_err(|failure| failure.into_state(Timestamp::MAX))?,
    };
    let Some(region) = config.region().map(ToString::to_string) else {
        let detail = "no region: give --region, or set AWS_REGION or the profile's region".to_owned();
        return Err(SourceState::Faulty { detail });
    };
    let meter = Meter::new(clock.clone());
    let writer = Writer::new(&config, &region, &meter);
    Ok((Reader::new(&config, &region, clock, mend, meter), writer))
}

/// What both doors share: retries once, never hides a throttle for long, and leaves time-outs to this room.
fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(2).with_max_backoff(Duration::from_secs(1))
}

fn drill_config(access: &Access, transport: &Transport, clock: &Clock) -> SdkConfig {
    let credentials = Credentials::new("DRILLDRILLDRILLDRIL", "drill", None, None, "drill");
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(access.region.clone().unwrap_or_else(|| DRILL_REGION.to_owned())))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(transport.clone())
        .sleep_impl(SdkClock(clock.clone()))
        .time_source(SdkClock(clock.clone()))
        .retry_config(retries())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.set_endpoint_url(access.endpoint.clone());
    config.build()
}

async fn network_config(access: &Access) -> Result<(SdkConfig, Mend), Failure> {
    let profile = access.profile.clone().or_else(|| process_env("AWS_PROFILE"));
    let mend = Mend::of(profile.as_deref(), &Profiles::read(&process_env));
    let https = https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(https.clone())
        .retry_config(retries())
        .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_WITHIN).build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(region) = &access.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(endpoint) = &access.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(profile) = &access.profile {
        loader = loader.profile_name(profile);
    }
    let mut config = loader.load().await;
    if let Some(profile) = &access.profile {
        // A profile that was asked for by name wins over keys in the environment, as it does for the AWS CLI: the SDK's
        // own chain would prefer the keys and quietly act in another account.
        let with = ProviderConfig::default().with_http_client(https).with_region(config.region().cloned());
        let provider = ProfileFileCredentialsProvider::builder().configure(&with).profile_name(profile).build();
        config = config.into_builder().credentials_provider(SharedCredentialsProvider::new(provider)).build();
    }
    let Some(provider) = config.credentials_provider() else {
        return Err(Failure::NoCredentials { mend: mend.missing() });
    };
    match tokio::time::timeout(CREDENTIALS_WITHIN, provider.provide_credentials()).await {
        Ok(Ok(_)) => Ok((config, mend)),
        Ok(Err(error)) => Err(Failure::of_credentials(&error, &mend)),
        Err(_) => Err(Failure::TimedOut { after: CREDENTIALS_WITHIN }),
    }
}

/// One HTTPS client for every service and for the credential chain: each would otherwise build its own, with its own
/// copy of the root certificates.
pub(super) fn https() -> SharedHttpClient {
    use aws_smithy_http_client::proxy::ProxyConfig;
    use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
    use aws_smithy_http_client::{Builder, ConnectorBuilder};
    Builder::new().build_with_connector_fn(|settings, components| {
        let mut connector = ConnectorBuilder::default().tls_provider(Provider::Rustls(CryptoMode::AwsLc));
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        connector.set_proxy_config(Some(ProxyConfig::from_env()));
        connector.build()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks an access against two profile files and these variables.
    fn checked(access: &Access, variables: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        let config = "[default]\nregion = eu-west-1\n[profile production]\nregion = us-esat-1\n";
        std::fs::write(folder.path().join(".aws/config"), config).unwrap();
        std::fs::write(folder.path().join(".aws/credentials"), "[staging]\naws_access_key_id = x\n").unwrap();
        let home = folder.path().to_string_lossy().into_owned();
        let env = |name: &str| match name {
            "HOME" => Some(home.clone()),
            _ => variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned()),
        };
        access.check_in(&env).err().map(|mistake| mistake.to_string())
    }

    fn access(profile: Option<&str>, region: Option<&str>, endpoint: Option<&str>) -> Access {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Access { profile: owned(profile), region: owned(region), endpoint: owned(endpoint), transport: None }
    }

    #[test]
    fn each_mistake_is_one_sentence_with_the_value_and_the_nearest_valid_one() {
        let table = [
            (access(None, None, None), vec![], None),
            (access(Some("staging"), None, None), vec![], None),
            (
                access(Some("stagin"), None, None),
                vec![],
                Some("no profile `stagin` (--profile); did you mean `staging`?"),
            ),
            (
                access(None, None, None),
                vec![("AWS_PROFILE", "prodution")],
                Some("no profile `prodution` (AWS_PROFILE); did you mean `production`?"),
            ),
            (access(Some("default"), None, None), vec![("AWS_PROFILE", "nonsense")], None),
            (access(Some("\u{1b}q"), None, None), vec![], Some("no profile `␛q` (--profile)")),
            (
                access(None, Some("us-esat-1"), None),
                vec![],
                Some("no region `us-esat-1` (--region); did you mean `us-east-1`?"),
            ),
            (
                access(None, Some("eu-west-9"), None),
                vec![("AWS_REGION", "x")],
                Some("no region `eu-west-9` (--region); did you mean `eu-west-1`?"),
            ),
            (
                access(None, None, None),
                vec![("AWS_DEFAULT_REGION", "frankfurt")],
                Some("no region `frankfurt` (AWS_DEFAULT_REGION)"),
            ),
            (
                access(Some("production"), None, None),
                vec![],
                Some("no region `us-esat-1` (the profile's region); did you mean `us-east-1`?"),
            ),
            (access(None, Some("moon-1"), Some("http://127.0.0.1:5000")), vec![], None),
            (
                access(None, None, Some("localhost:5000")),
                vec![],
                Some(
                    "endpoint `localhost:5000` (--endpoint-url) has no scheme; it should look like http://localhost:5000",
                ),
            ),
            (
                access(None, None, Some("ftp://x")),
                vec![],
                Some(
                    "endpoint `ftp://x` (--endpoint-url) has a scheme that is not HTTP; it should look like https://x",
                ),
            ),
            (
                access(None, None, None),
                vec![("AWS_ENDPOINT_URL", "http://")],
                Some("endpoint `http://` (AWS_ENDPOINT_URL) is not a URL; it should look like http://localhost:5000"),
            ),
        ];
        for (access, variables, sentence) in table {
            assert_eq!(checked(&access, &variables).as_deref(), sentence, "{access:?} {variables:?}");
        }
    }

    #[test]
    fn a_drill_has_nothing_to_check() {
        let transport = Transport::new(|_| async { unreachable!() });
        let access = Access { transport: Some(transport), ..access(Some("nonsense"), Some("moon-1"), None) };
        assert_eq!(checked(&access, &[]), None);
    }
}
