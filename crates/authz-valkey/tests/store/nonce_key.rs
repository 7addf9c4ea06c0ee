use authz_valkey::{Valkey, ValkeyErrorKind};
use blackbox::store::Store;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_servers_get_the_same() {
    for store in Store::each(&[]) {
        let keys = [(); 8].map(|()| {
            let valkey = Valkey::connect(&store.url()).unwrap();
            tokio::spawn(async move { valkey.nonce_key().await.map(drop) })
        });
        let entry = || store.command("GET authz:nonce-key").unwrap();
        let mut seen = None;
        for key in keys {
            key.await.unwrap().unwrap();
            assert_eq!(*seen.get_or_insert_with(entry), entry());
        }
        assert!(seen.unwrap().starts_with("$43\r\n"));

        store.command("SET authz:nonce-key short").unwrap();
        let valkey = Valkey::connect(&store.url()).unwrap();
        let error = valkey.nonce_key().await.unwrap_err();
        assert_eq!(error.kind(), ValkeyErrorKind::UnexpectedAnswer);
        assert!(!error.to_string().contains("short"), "{error}");
    }
}
