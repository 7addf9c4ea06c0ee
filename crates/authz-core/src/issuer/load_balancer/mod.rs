//! Supports tokens that an AWS Application Load Balancer adds to requests of authenticated users.

mod keys;

pub(super) use self::keys::PemByKid;

/// The parsed ARN of an Application Load Balancer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Arn<'a> {
    partition: &'a str,
    region: &'a str,
}

impl<'a> Arn<'a> {
    pub(super) fn parse(arn: &'a str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':');
        let mut next = || parts.next();
        let (scheme, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        let name = |text: &str, also: &str| {
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || also.contains(c);
            !text.is_empty() && text.chars().all(fits)
        };
        // The region becomes part of a host name.
        let lower = |text: &str| name(text, "") && !text.contains(|c: char| c.is_ascii_uppercase());
        let (balancer, id) = resource
            .strip_prefix("loadbalancer/app/")?
            .split_once('/')?;
        let fine = scheme == "arn"
            && service == "elasticloadbalancing"
            && (partition == "aws" || partition.starts_with("aws-"))
            && lower(partition)
            && lower(region)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && name(balancer, "")
            && name(id, "");
        fine.then_some(Self { partition, region })
    }

    /// Returns the address of the region's public keys, without the `kid` at the end.
    pub(super) fn key_address(&self) -> Option<String> {
        let region = self.region;
        match self.partition {
            "aws" => Some(format!(
                "https://public-keys.auth.elb.{region}.amazonaws.com"
            )),
            "aws-us-gov" => Some(format!(
                "https://s3-{region}.amazonaws.com/aws-elb-public-keys-prod-{region}"
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_those_of_the_region() {
        let arn = |partition: &str, region: &str| {
            format!(
                "arn:{partition}:elasticloadbalancing:{region}:123456789012:loadbalancer/app/a/1"
            )
        };
        for (partition, region, address) in [
            (
                "aws",
                "eu-west-1",
                Some("https://public-keys.auth.elb.eu-west-1.amazonaws.com"),
            ),
            (
                "aws-us-gov",
                "us-gov-west-1",
                Some(
                    "https://s3-us-gov-west-1.amazonaws.com/aws-elb-public-keys-prod-us-gov-west-1",
                ),
            ),
            ("aws-cn", "cn-north-1", None),
        ] {
            let arn = arn(partition, region);
            let address = address.map(str::to_owned);
            assert_eq!(Arn::parse(&arn).unwrap().key_address(), address);
        }
        for (partition, region) in [("aws", "evil.example/"), ("aws", ""), ("evil", "eu-west-1")] {
            assert_eq!(Arn::parse(&arn(partition, region)), None);
        }
    }
}
