//! gRPC from end to end.

use std::time::Duration;

use tonic::metadata::MetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};
use vouch_kit::ProofDigest;
use vouch_sdk::{Program, Receipt, guests, image_id, verify};
use vouch_service::proto::vouch_client::VouchClient;
use vouch_service::proto::{self, GetJobRequest, JobState, SubmitJobRequest};

use crate::host::{Host, LONG, client, hashes, token};

async fn connect(host: &Host) -> VouchClient<Channel> {
    VouchClient::connect(host.url.clone())
        .await
        .expect("it listens")
}

fn id_of(elf: &[u8]) -> Vec<u8> {
    image_id(&Program::from_elf(elf).expect("a guest")).0.into()
}

fn commitment(job: u8) -> SubmitJobRequest {
    SubmitJobRequest {
        image_id: id_of(guests::COMMITMENT),
        input: hashes(job),
        ..Default::default()
    }
}

fn named(id: &str) -> GetJobRequest {
    GetJobRequest { id: id.into() }
}

/// All states of a job until its end.
async fn watch(client: &mut VouchClient<Channel>, id: &str) -> Vec<proto::Job> {
    let mut updates = client
        .watch_job(named(id))
        .await
        .expect("a stream")
        .into_inner();
    let mut seen = Vec::new();
    while let Some(job) = updates.message().await.expect("a job") {
        seen.push(job);
    }
    seen
}

async fn receipt(client: &mut VouchClient<Channel>, id: &str) -> Vec<u8> {
    let mut pieces = client
        .get_receipt(named(id))
        .await
        .expect("a stream")
        .into_inner();
    let mut receipt = Vec::new();
    while let Some(piece) = pieces.message().await.expect("a piece") {
        receipt.extend(piece.data);
    }
    receipt
}

async fn verdict(
    client: &mut VouchClient<Channel>,
    image_id: Vec<u8>,
    receipt: &[u8],
) -> Result<proto::Verdict, Status> {
    let mut messages: Vec<_> = receipt
        .chunks(100_000)
        .map(|piece| proto::VerifyReceiptRequest {
            data: piece.into(),
            ..Default::default()
        })
        .collect();
    if let Some(first) = messages.first_mut() {
        first.image_id = image_id;
    }
    let verdict = client
        .verify_receipt(futures_util::stream::iter(messages))
        .await;
    verdict.map(|verdict| verdict.into_inner())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_ends_with_a_receipt_that_verifies() {
    let host = Host::new().await;
    let mut client = connect(&host).await;
    let job = client
        .submit_job(commitment(1))
        .await
        .expect("a job")
        .into_inner();
    let seen = watch(&mut client, &job.id).await;
    let last = seen.last().expect("its end");
    assert_eq!(last.state(), JobState::Succeeded);
    let result = last.result.clone().expect("a result");
    assert_eq!(result.journal, hashes(1));
    assert!(
        result
            .cost
            .is_some_and(|cost| cost.segments == 1 && cost.cycles > 0)
    );
    // Whoever comes late sees the end.
    assert_eq!(watch(&mut client, &job.id).await, vec![last.clone()]);
    let found = client
        .get_job(named(&job.id))
        .await
        .expect("a job")
        .into_inner();
    assert_eq!(found, *last);

    let bytes = receipt(&mut client, &job.id).await;
    assert_eq!(result.receipt_bytes, bytes.len() as u64);
    assert_eq!(result.receipt_digest, ProofDigest::of_bytes(&bytes).0);
    let program = Program::from_elf(guests::COMMITMENT).expect("a guest");
    let parsed = Receipt::from_bytes(&bytes).expect("a receipt");
    let claim = verify(&parsed, &image_id(&program)).expect("it verifies");
    assert_eq!(claim.journal, hashes(1));

    let image = id_of(guests::COMMITMENT);
    let good = verdict(&mut client, image.clone(), &bytes)
        .await
        .expect("a verdict");
    assert!(good.valid && good.journal == hashes(1) && good.security_bits >= 100.0);
    let again = verdict(&mut client, image, &bytes)
        .await
        .expect("a verdict");
    assert!(again.valid && again.cached);
    let other = verdict(&mut client, vec![0; 32], &bytes)
        .await
        .expect("a verdict");
    assert!(!other.valid && !other.reason.is_empty() && other.journal.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_can_be_removed() {
    let host = Host::new().await;
    let mut client = connect(&host).await;
    let elf = guests::FIBONACCI.to_vec();
    let registered = client
        .register_program(proto::RegisterProgramRequest { elf })
        .await;
    let program = registered.expect("a program").into_inner();
    let image_id = program.image_id.clone();
    let request = || proto::RemoveProgramRequest {
        image_id: image_id.clone(),
    };
    let job = SubmitJobRequest {
        image_id: image_id.clone(),
        input: crate::host::ENDLESS.to_le_bytes().into(),
        ..Default::default()
    };
    let job = client.submit_job(job).await.expect("a job").into_inner();
    let used = client.remove_program(request()).await.expect_err("a job");
    let name = used.metadata().get("vouch-error").expect("a name");
    assert_eq!(
        (used.code(), name.as_bytes()),
        (Code::FailedPrecondition, &b"program_in_use"[..])
    );
    client
        .cancel_job(GetJobRequest { id: job.id.clone() })
        .await
        .expect("it ends");
    watch(&mut client, &job.id).await;
    let removed = client.remove_program(request()).await;
    assert_eq!(removed.expect("it goes").into_inner(), program);
    let programs = client.list_programs(proto::ListProgramsRequest {}).await;
    assert_eq!(programs.expect("a list").into_inner().programs.len(), 1);
    let gone = client
        .remove_program(request())
        .await
        .expect_err("it has gone");
    assert_eq!(gone.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn long_jobs_tell_how_far_they_are() {
    let host = Host::new().await;
    let mut client = connect(&host).await;
    let elf = guests::FIBONACCI.to_vec();
    let program = client
        .register_program(proto::RegisterProgramRequest { elf })
        .await;
    let image = program.expect("a program").into_inner().image_id;
    assert_eq!(image, id_of(guests::FIBONACCI));
    let programs = client.list_programs(proto::ListProgramsRequest {}).await;
    assert_eq!(programs.expect("a list").into_inner().programs.len(), 2);
    let request = SubmitJobRequest {
        image_id: image,
        input: LONG.to_le_bytes().into(),
        priority: 9,
        ..Default::default()
    };
    let job = client
        .submit_job(request)
        .await
        .expect("a job")
        .into_inner();
    assert_eq!(job.priority, 9);
    let seen = watch(&mut client, &job.id).await;
    let progress: Vec<_> = seen.iter().filter_map(|job| job.progress).collect();
    assert!(
        progress
            .windows(2)
            .all(|pair| { pair[0].proven_cycles <= pair[1].proven_cycles })
    );
    let half = |progress: &&proto::Progress| {
        let total = progress.total_cycles.unwrap_or(0);
        0 < progress.proven_cycles && progress.proven_cycles < total
    };
    assert!(
        progress.iter().any(|progress| half(&progress)),
        "{progress:?}"
    );
    assert_eq!(
        seen.last().map(proto::Job::state),
        Some(JobState::Succeeded)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_statuses_with_names() {
    let host = Host::with(|config| {
        config.clients = vec![client("a")];
        config.limits.input_bytes = 1000;
    })
    .await;
    let channel = Channel::from_shared(host.url.clone()).expect("a URL");
    let channel = channel.connect().await.expect("it listens");
    let mut anonymous = VouchClient::new(channel.clone());
    let error = anonymous.get_job(named("x")).await.expect_err("no token");
    assert_eq!(
        (error.code(), name(&error)),
        (Code::Unauthenticated, "unauthenticated")
    );

    let bearer = format!("Bearer {}", token("a"));
    let bearer: MetadataValue<_> = bearer.parse().expect("ASCII");
    let mut client = VouchClient::with_interceptor(channel, move |mut request: Request<()>| {
        request
            .metadata_mut()
            .insert("authorization", bearer.clone());
        Ok(request)
    });
    let unknown = vouch_service::job::JobId::new().to_string();
    let mut failures = vec![
        (
            client.get_job(named("x")).await.err(),
            Code::InvalidArgument,
            "invalid",
        ),
        (
            client.get_job(named(&unknown)).await.err(),
            Code::NotFound,
            "not_found",
        ),
        (
            client.cancel_job(named(&unknown)).await.err(),
            Code::NotFound,
            "not_found",
        ),
        (
            client.watch_job(named(&unknown)).await.err(),
            Code::NotFound,
            "not_found",
        ),
        (
            client.get_receipt(named(&unknown)).await.err(),
            Code::NotFound,
            "not_found",
        ),
    ];
    let short = SubmitJobRequest {
        image_id: vec![1],
        ..commitment(1)
    };
    let missing = SubmitJobRequest {
        image_id: vec![1; 32],
        ..commitment(1)
    };
    let long = SubmitJobRequest {
        input: vec![0; 1001],
        ..commitment(1)
    };
    let urgent = SubmitJobRequest {
        priority: 1000,
        ..commitment(1)
    };
    for (request, code, name) in [
        (short, Code::InvalidArgument, "invalid"),
        (missing, Code::NotFound, "not_found"),
        (long, Code::OutOfRange, "too_large"),
        (urgent, Code::OutOfRange, "too_large"),
    ] {
        failures.push((client.submit_job(request).await.err(), code, name));
    }
    let elf = b"no ELF".to_vec();
    let refused = client
        .register_program(proto::RegisterProgramRequest { elf })
        .await;
    failures.push((refused.err(), Code::InvalidArgument, "elf"));
    for (index, (error, code, expected)) in failures.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("{index}"));
        assert_eq!(
            (error.code(), name(&error)),
            (code, expected),
            "{index}: {error}"
        );
    }
}

fn name(status: &Status) -> &str {
    let name = status.metadata().get("vouch-error");
    name.and_then(|name| name.to_str().ok()).unwrap_or("")
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_and_cancelled() {
    let host = Host::with(|config| config.proving.job_timeout = Duration::from_secs(600)).await;
    let mut client = connect(&host).await;
    let mut ids = Vec::new();
    for job in 0..3 {
        ids.push(
            client
                .submit_job(commitment(job))
                .await
                .expect("a job")
                .into_inner()
                .id,
        );
    }
    for id in &ids {
        watch(&mut client, id).await;
    }
    ids.reverse();
    let mut list = async |request| -> Vec<String> {
        let list = client
            .list_jobs(request)
            .await
            .expect("a list")
            .into_inner();
        list.jobs.into_iter().map(|job| job.id).collect()
    };
    let all = proto::ListJobsRequest::default();
    assert_eq!(list(all.clone()).await, ids);
    let one = proto::ListJobsRequest {
        before: ids[0].clone(),
        limit: 1,
        ..all.clone()
    };
    assert_eq!(list(one).await, ids[1..2]);
    let failed = proto::ListJobsRequest {
        state: JobState::Failed.into(),
        ..all
    };
    assert!(list(failed).await.is_empty());
    let ended = client
        .cancel_job(named(&ids[0]))
        .await
        .expect("a job")
        .into_inner();
    assert_eq!(ended.state(), JobState::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_describes_itself() {
    let host = Host::new().await;
    let channel = Channel::from_shared(host.url.clone()).expect("a URL");
    let channel = channel.connect().await.expect("it listens");
    let mut client = ServerReflectionClient::new(channel);
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let requests = futures_util::stream::iter([request]);
    let answers = client.server_reflection_info(requests).await;
    let mut answers = answers.expect("a stream").into_inner();
    let answer: Option<ServerReflectionResponse> = answers.message().await.expect("an answer");
    let Some(MessageResponse::ListServicesResponse(list)) =
        answer.and_then(|answer| answer.message_response)
    else {
        panic!("a list of services");
    };
    assert!(
        list.service
            .iter()
            .any(|service| service.name == "vouch.v1.Vouch")
    );
}
