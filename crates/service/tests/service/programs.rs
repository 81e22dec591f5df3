//! Whose programs are which: what one client registers changes nothing for another.

use std::path::PathBuf;

use redb::{Builder, ReadableTable, TableDefinition};
use serde_json::{Value, json};
use vouch_sdk::guests;
use vouch_service::config::{CacheScope, Config};

use crate::host::{ENDLESS, Host, LONG, base64, client, hashes, id_of, token, word};

/// The same image ID, and another memory map: no segment may be written to. Whatever writes, faults.
fn read_only(elf: &[u8]) -> Vec<u8> {
    let mut elf = elf.to_vec();
    let word = |elf: &[u8], at: usize| u32::from_le_bytes(elf[at..at + 4].try_into().expect("4"));
    let (table, count) = (word(&elf, 28) as usize, usize::from(elf[44]));
    let mut changed = 0;
    for header in (0..count).map(|i| table + 32 * i) {
        // PT_LOAD; readable and writable.
        if (word(&elf, header), word(&elf, header + 24)) == (1, 6) {
            elf[header + 24] = 4;
            changed += 1;
        }
    }
    assert!(changed > 0);
    elf
}

async fn two_clients(scope: CacheScope) -> Host {
    Host::with(|config| {
        config.clients = vec![client("a"), client("b")];
        config.cache.scope = scope;
    })
    .await
}

async fn list(host: &Host) -> Vec<Value> {
    let all = host.ok("vouch_listPrograms", json!({})).await;
    all.as_array().expect("a list").clone()
}

/// What a job of `elf` comes to.
async fn outcome(host: &Host, image: &str, input: &str) -> String {
    let id = host.submit(image, input, json!({})).await;
    let job = host.until_ended(&id).await;
    let kind = job["failure"]["kind"].as_str();
    kind.or(job["state"].as_str()).expect("a state").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_memory_map_is_its_clients_own_affair() {
    let poisoned = read_only(guests::FIBONACCI);
    let published = id_of(guests::FIBONACCI);
    for scope in [CacheScope::Client, CacheScope::Shared] {
        let mut host = two_clients(scope).await;
        // Before anybody else.
        assert_eq!(host.register(&poisoned).await, published);
        assert_eq!(outcome(&host, &published, &word(5)).await, "guest_fault");
        host.token = Some(token("b"));
        let job = json!({ "image_id": published, "input": word(5) });
        assert_eq!(host.refused("vouch_submitJob", job).await, "not_found");
        assert_eq!(host.fibonacci().await, published);
        assert_eq!(outcome(&host, &published, &word(5)).await, "succeeded");
        // And afterwards, at the same time, and after a restart.
        host.token = Some(token("a"));
        host.register(&poisoned).await;
        let attack = host.submit(&published, &word(7), json!({})).await;
        host.token = Some(token("b"));
        assert_eq!(outcome(&host, &published, &word(7)).await, "succeeded");
        let mut host = host.restart(|_| {}).await;
        host.token = Some(token("b"));
        assert_eq!(outcome(&host, &published, &word(8)).await, "succeeded");
        host.token = Some(token("a"));
        assert_eq!(
            host.until_ended(&attack).await["failure"]["kind"],
            "guest_fault"
        );
        let poisoned_still = outcome(&host, &published, &word(9)).await;
        assert_eq!(poisoned_still, "guest_fault");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_everybodys_stays_what_it_is() {
    let mut host = two_clients(CacheScope::Client).await;
    let poisoned = json!({ "elf": base64(&read_only(guests::COMMITMENT)) });
    let refused = host.refused("vouch_registerProgram", poisoned).await;
    assert_eq!(refused, "program_conflict");
    let commitment = id_of(guests::COMMITMENT);
    let named = json!({ "image_id": commitment });
    assert_eq!(host.refused("vouch_removeProgram", named).await, "invalid");
    // The same is no error, and no program of the client's own.
    assert_eq!(host.register(guests::COMMITMENT).await, commitment);
    assert_eq!(list(&host).await.len(), 1);
    for name in ["a", "b"] {
        host.token = Some(token(name));
        let input = base64(&hashes(1));
        assert_eq!(outcome(&host, &commitment, &input).await, "succeeded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_see_their_own_programs() {
    let mut host = two_clients(CacheScope::Client).await;
    let fibonacci = host.fibonacci().await;
    assert_eq!(list(&host).await.len(), 2);
    host.token = Some(token("b"));
    assert_eq!(list(&host).await.len(), 1);
    let named = json!({ "image_id": fibonacci });
    assert_eq!(
        host.refused("vouch_removeProgram", named).await,
        "not_found"
    );
    host.token = Some(token("a"));
    assert_eq!(list(&host).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_of_another_memory_map() {
    let host = Host::new().await;
    let fibonacci = host.fibonacci().await;
    let other = json!({ "elf": base64(&read_only(guests::FIBONACCI)) });
    let call = ("vouch_registerProgram", other.clone());
    let (code, message) = host.call(call.0, call.1).await.expect_err("another map");
    assert_eq!(code, "program_conflict");
    assert!(message.contains(&fibonacci), "{message}");
    // The same bytes, and others that run the same.
    let longer = [guests::FIBONACCI, b"symbols"].concat();
    for elf in [guests::FIBONACCI, &longer] {
        assert_eq!(host.register(elf).await, fibonacci);
        let all = list(&host).await;
        let ours = all.iter().find(|program| program["image_id"] == *fibonacci);
        assert_eq!(ours.expect("it is there")["elf_bytes"], elf.len());
        assert_eq!(all.len(), 2);
    }
    assert_eq!(outcome(&host, &fibonacci, &word(5)).await, "succeeded");
    // Whoever wants the other one removes this one first.
    host.ok("vouch_removeProgram", json!({ "image_id": fibonacci }))
        .await;
    host.ok("vouch_registerProgram", other).await;
    assert_eq!(outcome(&host, &fibonacci, &word(6)).await, "guest_fault");
}

fn artefacts(host: &Host) -> usize {
    let folders = std::fs::read_dir(host.folder.join("artefacts")).expect("a folder");
    let paths = folders.map(|folder| folder.expect("an entry").path());
    paths
        .map(|path: PathBuf| std::fs::read_dir(path).expect("a folder").count())
        .sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_go_when_nobody_needs_them() {
    let mut host = two_clients(CacheScope::Client).await;
    let embedded = artefacts(&host);
    let fibonacci = host.fibonacci().await;
    let named = json!({ "image_id": fibonacci });
    let running = host.submit(&fibonacci, &word(ENDLESS), json!({})).await;
    let waiting = host.submit(&fibonacci, &word(1), json!({})).await;
    host.until(&running, &["running"]).await;
    for job in [&running, &waiting] {
        let (code, message) = host
            .call("vouch_removeProgram", named.clone())
            .await
            .expect_err("jobs of it wait");
        assert_eq!(code, "program_in_use", "{message}");
        host.ok("vouch_cancelJob", json!({ "id": job })).await;
        host.until_ended(job).await;
    }
    // Another client has the same one.
    host.token = Some(token("b"));
    host.fibonacci().await;
    host.token = Some(token("a"));
    let removed = host.ok("vouch_removeProgram", named.clone()).await;
    assert_eq!(removed["image_id"], *fibonacci);
    assert_eq!(list(&host).await.len(), 1);
    let job = json!({ "image_id": fibonacci, "input": word(1) });
    assert_eq!(host.refused("vouch_submitJob", job).await, "not_found");
    let again = host.refused("vouch_removeProgram", named.clone()).await;
    assert_eq!(again, "not_found");
    host.token = Some(token("b"));
    assert_eq!(outcome(&host, &fibonacci, &word(2)).await, "succeeded");
    let receipts = 1;
    assert_eq!(artefacts(&host), embedded + 1 + receipts);
    host.ok("vouch_removeProgram", named).await;
    // The house is kept every five seconds.
    while artefacts(&host) > embedded + receipts {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // What was removed may come back.
    host.fibonacci().await;
    assert_eq!(outcome(&host, &fibonacci, &word(3)).await, "succeeded");
}

/// However many come at once, and whatever they leave in the store for a moment.
#[tokio::test(flavor = "multi_thread")]
async fn one_clients_programs_leave_room_for_others() {
    let mut host = Host::with(|config| {
        let mut limited = client("a");
        limited.quota.max_programs = 1;
        config.clients = vec![limited, client("b")];
    })
    .await;
    let embedded = artefacts(&host);
    let all = [
        guests::FIBONACCI,
        guests::SORT,
        guests::PRIMES,
        guests::SHA256,
        guests::KECCAK,
    ];
    let register = |elf: &[u8]| {
        let params = json!({ "elf": base64(elf) });
        host.call("vouch_registerProgram", params)
    };
    let results = futures_util::future::join_all(all.map(register)).await;
    let codes: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert_eq!(codes.len(), all.len() - 1);
    assert!(codes.iter().all(|(code, _)| code == "quota"), "{codes:?}");
    assert_eq!(list(&host).await.len(), 2);
    while artefacts(&host) > embedded + 1 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    host.token = Some(token("b"));
    for elf in all {
        host.register(elf).await;
    }
    assert_eq!(list(&host).await.len(), 1 + all.len());
}

/// As a version left it that had one program for all clients under an image ID.
fn as_before(config: &Config) {
    type ById = TableDefinition<'static, [u8; 32], &'static [u8]>;
    type ByClient = TableDefinition<'static, (&'static str, [u8; 32]), &'static [u8]>;
    let (shared, own): (ById, ByClient) = (
        TableDefinition::new("programs"),
        TableDefinition::new("registrations"),
    );
    let path = config.data.folder.join("vouch.redb");
    let database = Builder::new().create(path).expect("nobody has it open");
    let transaction = database.begin_write().expect("a transaction");
    let mut before = transaction.open_table(shared).expect("a table");
    let now = transaction.open_table(own).expect("a table");
    for entry in now.iter().expect("readable") {
        let (key, value) = entry.expect("readable");
        let (client, id) = key.value();
        let text = String::from_utf8(value.value().to_vec()).expect("text");
        // The embedded one was the service's.
        let text = match client {
            "" => text.replace("\"client\":\"\"", "\"client\":\"vouch\""),
            _ => text,
        };
        before.insert(id, text.as_bytes()).expect("it is written");
    }
    drop((before, now));
    transaction.delete_table(own).expect("it goes");
    transaction.commit().expect("it is written");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_of_a_former_version_are_taken_over() {
    let mut host = two_clients(CacheScope::Client).await;
    let fibonacci = host.fibonacci().await;
    let job = host.submit(&fibonacci, &word(4 * LONG), json!({})).await;
    while host.job(&job).await["progress"]["proven_segments"].as_u64() < Some(1) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    host = host.restart(|config| as_before(config)).await;
    assert_eq!(list(&host).await.len(), 2);
    let ended = host.until_ended(&job).await;
    assert_eq!(ended["state"], "succeeded", "{ended}");
    assert!(ended["result"]["cost"]["reused_segments"].as_u64() >= Some(1));
    host.token = Some(token("b"));
    assert_eq!(list(&host).await.len(), 1);
    host.fibonacci().await;
    assert_eq!(outcome(&host, &fibonacci, &word(5)).await, "succeeded");
}
