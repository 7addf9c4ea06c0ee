use redis::{RedisResult, cmd};

use crate::target::StoreConnection;

/// Warns of a store that evicts entries when its memory is full: a proof that is evicted is accepted again.
pub(crate) async fn check(name: &str, mut connection: StoreConnection) -> RedisResult<()> {
    let memory: String = connection.query(cmd("INFO").arg("memory")).await?;
    let field = |field| {
        let mut lines = memory.lines();
        lines.find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
    };
    let limit = field("maxmemory").unwrap_or("0");
    let policy = field("maxmemory_policy").unwrap_or("noeviction");
    if limit != "0" && policy != "noeviction" {
        tracing::warn!(
            target: "authz::valkey",
            store = name,
            policy,
            "the store evicts entries when it is full, so a proof can be accepted twice: set maxmemory-policy to noeviction"
        );
    }
    Ok(())
}
