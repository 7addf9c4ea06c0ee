//! The guide's policies say what the guide says: `docs/policy.md` is read, and each of its blocks
//! marked `policy` is run.

use std::{fs, path::Path};

use authz_core::{Issuer, PolicyGuard, RequestParts, policy::Policy, rules::PathPattern};
use http::Request;
use serde_json::Value;

use crate::case;

#[tokio::test]
async fn the_guides_policies_decide_as_it_says() {
    let mut policies = 0;
    for (line, block) in blocks("policy") {
        Example::read(&block).check(line).await;
        policies += 1;
    }
    assert!(policies >= 15, "{policies}");
}

#[cfg(feature = "rules")]
#[test]
fn the_guides_rules_are_rules() {
    let tables = blocks("toml");
    for (line, table) in &tables {
        let rules = authz_core::rules::Rules::from_toml(table);
        assert!(rules.is_ok(), "line {line}: {rules:?}");
    }
    assert!(!tables.is_empty());
}

#[derive(Default)]
struct Example {
    policy: String,
    roles_from: Vec<String>,
    implies: Vec<(String, String)>,
    decisions: Vec<Decision>,
}

struct Decision {
    allowed: bool,
    claims: Value,
    method: String,
    path: String,
    pattern: Option<String>,
    header: Option<(String, String)>,
    asks: Option<String>,
}

impl Example {
    fn read(block: &str) -> Self {
        let (policy, rest) = block
            .split_once("\n\n")
            .expect("a policy and what it decides");
        let mut example = Self {
            policy: policy.to_owned(),
            ..Self::default()
        };
        for line in rest.lines() {
            if let Some(path) = line.strip_prefix("roles from ") {
                example.roles_from.push(path.to_owned());
            } else if let Some(implication) = line.strip_prefix("scope ") {
                let (scope, implied) = implication.split_once(" implies ").expect("implies");
                example.implies.push((scope.to_owned(), implied.to_owned()));
            } else {
                example.decisions.push(Decision::read(line));
            }
        }
        assert!(!example.decisions.is_empty(), "{block}");
        example
    }

    async fn check(self, line: usize) {
        let policy: Policy = self
            .policy
            .parse()
            .unwrap_or_else(|it| panic!("line {line}: {it}"));
        let mut issuer: Issuer = case::issuer();
        if !self.roles_from.is_empty() {
            issuer = issuer.roles_from(self.roles_from);
        }
        let mut builder = crate::support::authorizer()
            .issuer(issuer)
            .clock(case::clock());
        for (scope, implied) in self.implies {
            builder = builder.scope_implies(scope, [implied]);
        }
        let authorizer = builder.build().unwrap();
        for decision in self.decisions {
            let guard = PolicyGuard::new(authorizer.clone(), policy.clone());
            decision.check(guard, line).await;
        }
    }
}

impl Decision {
    /// `allows {..} on GET /path at /{pattern} with name: value asks scope="..."`
    fn read(line: &str) -> Self {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let allowed = match verb {
            "allows" => true,
            "denies" => false,
            _ => panic!("{line}"),
        };
        let mut claims = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = claims.next().expect("claims").expect("JSON");
        let mut rest = &rest[claims.byte_offset()..];
        let mut part = |word: &str| {
            let (before, after) = rest.split_once(word)?;
            rest = before;
            Some(after.to_owned())
        };
        // The last part is taken first.
        let asks = part(" asks ");
        let header = part(" with ").and_then(|it| {
            let (name, value) = it.split_once(": ")?;
            Some((name.to_owned(), value.to_owned()))
        });
        let pattern = part(" at ");
        let target = part(" on ").unwrap_or_else(|| "GET /".to_owned());
        assert_eq!(rest, "", "{line}");
        let (method, path) = target.split_once(' ').expect("a method and a path");
        Self {
            allowed,
            claims: value,
            method: method.to_owned(),
            path: path.to_owned(),
            pattern,
            header,
            asks,
        }
    }

    async fn check(self, guard: PolicyGuard, line: usize) {
        let guard = match &self.pattern {
            Some(pattern) => guard.at(pattern.parse::<PathPattern>().unwrap()),
            None => guard,
        };
        let mut request = Request::builder()
            .method(&*self.method)
            .uri(&*self.path)
            .header(
                "authorization",
                format!("Bearer {}", case::token(&self.claims)),
            );
        if let Some((name, value)) = &self.header {
            request = request.header(name, value);
        }
        let request = request.body(()).unwrap();
        let admission = guard.admit(&RequestParts::from(&request)).resolve().await;
        let claims = &self.claims;
        match admission {
            Ok(_) => assert!(self.allowed, "line {line}: {claims} is allowed"),
            Err(rejection) => {
                assert!(
                    !self.allowed,
                    "line {line}: {claims} is denied: {rejection:?}"
                );
                let challenge = rejection.challenge().unwrap();
                let challenge = challenge.to_str().unwrap();
                if let Some(asked) = self.asks {
                    assert!(
                        challenge.contains(&asked),
                        "line {line}: {claims}: {challenge}"
                    );
                }
            }
        }
    }
}

/// The page's fenced blocks of this kind, with the lines that they begin in.
fn blocks(kind: &str) -> Vec<(usize, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/policy.md");
    let page = fs::read_to_string(page).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let begin = format!("```{kind}");
    for (i, line) in page.lines().enumerate() {
        match &mut open {
            Some(_) if line == "```" => blocks.extend(open.take()),
            Some((_, block)) => {
                block.push_str(line);
                block.push('\n');
            }
            None if line == begin => open = Some((i + 1, String::new())),
            None => {}
        }
    }
    blocks
}
