//! Budgets, visits and lanes.

use super::*;
use crate::clients::Clients;
use crate::config::ClientConfig;

fn config(names: &[&str]) -> Config {
    let client = |name: &&str| ClientConfig {
        name: (*name).into(),
        token_sha256: "00".repeat(32),
        quota: QuotaConfig::default(),
    };
    let mut config = Config {
        clients: names.iter().map(client).collect(),
        ..Config::default()
    };
    config.server.max_requests = 4;
    config.server.max_streams = 2;
    config.server.max_request_memory = 1000;
    config.limits.answer_bytes = 100;
    config.limits.verifications = 2;
    config.limits.waiting = 1;
    config
}

fn admission(
    config: &Config,
) -> (
    Arc<Admission>,
    impl Fn(&str, Pool) -> Result<Visit, ServiceError> + use<>,
) {
    let admission = Arc::new(Admission::new(config));
    let clients = Clients::new(&config.clients);
    let enters = admission.clone();
    (admission, move |name: &str, pool| {
        enters.enter(clients.named(name), pool)
    })
}

const fn is_busy<T>(result: &Result<T, ServiceError>) -> bool {
    matches!(result, Err(ServiceError::Busy))
}

#[test]
fn one_client_gets_half_and_pools_are_apart() {
    let (admission, enter) = admission(&config(&["a", "b"]));
    let a: Vec<_> = (0..2)
        .map(|_| enter("a", Pool::Requests).expect("its half"))
        .collect();
    assert!(is_busy(&enter("a", Pool::Requests)));
    let b: Vec<_> = (0..2)
        .map(|_| enter("b", Pool::Requests).expect("its half"))
        .collect();
    let stream = enter("a", Pool::Streams).expect("its half");
    assert!(is_busy(&enter("a", Pool::Streams)));
    enter("a", Pool::Monitoring).expect("there is room");
    assert_eq!(admission.used(), [4, 1, 0]);
    drop((a, stream));
    assert_eq!(admission.used(), [2, 0, 0]);
    enter("a", Pool::Requests).expect("there is room again");
    drop(b);
    assert_eq!(admission.used(), [0; 3]);
}

#[test]
fn a_client_alone_gets_all_unless_it_is_said() {
    let mut config = config(&["a"]);
    let all = |config: &Config| {
        let (_, enter) = admission(config);
        let visits: Vec<_> = (0..9)
            .map_while(|_| enter("a", Pool::Requests).ok())
            .collect();
        visits.len()
    };
    assert_eq!(all(&config), 4);
    config.clients[0].quota.max_requests = Some(3);
    assert_eq!(all(&config), 3);
    config.clients.clear();
    assert_eq!(all(&config), 4);
}

#[test]
fn memory_is_held_until_the_last_clone_goes() {
    let (admission, enter) = admission(&config(&["a", "b"]));
    let visit = enter("a", Pool::Requests).expect("there is room");
    visit.hold(400).expect("there is room");
    let never = visit.hold(200);
    assert!(matches!(
        never,
        Err(ServiceError::TooLarge {
            limit: 500,
            got: 600,
            ..
        })
    ));
    let other = enter("a", Pool::Requests).expect("there is room");
    assert!(is_busy(&other.hold(200)));
    enter("b", Pool::Requests)
        .expect("there is room")
        .hold(500)
        .expect("its half");
    assert_eq!(admission.used(), [2, 0, 400]);
    let work = visit.clone();
    drop(visit);
    assert_eq!(admission.used(), [2, 0, 400]);
    work.settle(7);
    assert_eq!(admission.used(), [2, 0, 7]);
    work.could_hold(493).expect("there is room");
    drop(work);
    assert_eq!(admission.used(), [1, 0, 0]);
}

#[test]
fn answers_are_bounded_as_a_whole() {
    let (admission, enter) = admission(&config(&[]));
    let visit = enter("local", Pool::Requests).expect("there is room");
    visit.answer(60).expect("it fits");
    let more = visit.answer(60);
    assert!(matches!(
        more,
        Err(ServiceError::TooLarge {
            limit: 100,
            got: 120,
            ..
        })
    ));
    visit.answer(40).expect("what was refused takes no room");
    assert_eq!(admission.used(), [1, 0, 100 * ANSWER_COPIES]);
}

#[tokio::test]
async fn one_client_does_not_take_all_the_work() {
    let (_, enter) = admission(&config(&["a", "b"]));
    let [a, b] = ["a", "b"].map(|name| enter(name, Pool::Requests).expect("there is room"));
    let first = a.begin(Work::Verification).await.expect("there is room");
    let waiting = tokio::spawn({
        let a = a.clone();
        async move { a.begin(Work::Verification).await.map(drop) }
    });
    tokio::task::yield_now().await;
    assert!(is_busy(&a.begin(Work::Verification).await));
    // Another client's work, and work of another kind, begin at once.
    let other = b.begin(Work::Verification).await;
    let kind = a.begin(Work::Registration).await;
    assert!(other.is_ok() && kind.is_ok());
    drop(first);
    waiting.await.expect("no panic").expect("its turn came");
}
