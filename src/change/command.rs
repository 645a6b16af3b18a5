//! A plan as the `aws` command that does the same, safe to paste into a shell.

use super::plan::{Change, Plan};

/// The command line: the one field that the plan sends, and the region it is bound to.
///
/// Every word is quoted, so that a hostile name is an argument and nothing else. Quoting does not help against
/// control characters (they can end a terminal's paste) and `scheme://` (the CLI would read that file or address);
/// AWS's own rules allow neither in a name, and for such a one there is a shell comment instead of a command.
pub fn command(plan: &Plan) -> String {
    let mut words: Vec<String> = vec!["aws".into()];
    let mut option = |name: &str, value: &str| {
        // A value that looks like an option would be taken for one.
        if value.starts_with('-') {
            words.push(format!("--{name}={value}"));
        } else {
            words.extend([format!("--{name}"), value.to_owned()]);
        }
    };
    let (api, operation) = match &plan.change {
        Change::Desired { service, to } => {
            option("cluster", service.cluster.as_str());
            option("service", service.service.as_str());
            option("desired-count", &to.to_string());
            ("ecs", "update-service")
        }
        Change::Floor { service, to } => {
            option("service-namespace", "ecs");
            option("resource-id", &service.resource_id());
            option("scalable-dimension", "ecs:service:DesiredCount");
            option("min-capacity", &to.to_string());
            ("application-autoscaling", "register-scalable-target")
        }
    };
    option("region", plan.identity.region.as_str());
    words.splice(1..1, [api.to_owned(), operation.to_owned()]);

    let safe = words.iter().all(|word| !word.contains("://") && !word.chars().any(char::is_control));
    match shlex::try_join(words.iter().map(String::as_str)) {
        Ok(line) if safe => line,
        _ => "# no command: a name in it is not safe to paste".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::change::scene::Scene;
    use crate::platform::{Environment, ServiceId, TaskCount};

    fn plan(cluster: &str, service: &str, floor: bool) -> Plan {
        let scene = Scene::new(ServiceId::new(cluster, service)).limits(2, 10);
        let make = if floor { Plan::floor } else { Plan::desired };
        make(&scene.platform, &scene.id, TaskCount(8), None, &Environment::Production, scene.now).unwrap()
    }

    #[test]
    fn the_usual_commands() {
        assert_eq!(
            command(&plan("prod", "web", false)),
            "aws ecs update-service --cluster prod --service web --desired-count 8 --region us-east-1"
        );
        assert_eq!(
            command(&plan("prod", "web", true)),
            "aws application-autoscaling register-scalable-target --service-namespace ecs --resource-id \
             service/prod/web --scalable-dimension ecs:service:DesiredCount --min-capacity 8 --region us-east-1"
        );
    }

    #[test]
    fn what_quoting_cannot_make_safe_is_not_offered() {
        for name in ["a\u{1b}[201~\nrm -rf ~", "a\0b", "file:///etc/passwd", "a\nb"] {
            let line = command(&plan("prod", name, false));
            assert!(line.starts_with("# no command"), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn a_name_is_never_an_option() {
        let words = shlex::split(&command(&plan("--profile", "-x", false))).unwrap();
        assert!(words.contains(&"--cluster=--profile".to_owned()), "{words:?}");
        assert!(words.contains(&"--service=-x".to_owned()), "{words:?}");
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_the_very_words(
            cluster in "[a-z$`\"'\\\\;&|<>(){}*?!# ~=%^]{1,12}",
            service in "[ -.0-~äß$`\"';]{1,12}",
        ) {
            let words = shlex::split(&command(&plan(&cluster, &service, false))).unwrap();
            let expected = |name: &str, value: &str| if value.starts_with('-') {
                vec![format!("--{name}={value}")]
            } else {
                vec![format!("--{name}"), value.to_owned()]
            };
            let mut all = vec!["aws".to_owned(), "ecs".into(), "update-service".into()];
            all.extend(expected("cluster", &cluster));
            all.extend(expected("service", &service));
            all.extend(expected("desired-count", "8"));
            all.extend(expected("region", "us-east-1"));
            prop_assert_eq!(words, all);
        }
    }
}
