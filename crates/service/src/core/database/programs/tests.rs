use super::super::tests::{database, record};
use super::*;

fn program(client: &str, id: u8, elf: u8) -> ProgramRecord {
    ProgramRecord {
        image_id: ImageId([id; 32]),
        elf_digest: ProofDigest([elf; 32]),
        elf_bytes: 5,
        client: client.into(),
        registered_at: Time(1),
    }
}

fn register(database: &Database, program: &ProgramRecord) {
    let registered = database.register(program, None, 9).expect("readable");
    assert_eq!(registered, Registered::Done);
}

#[test]
fn clients_have_programs_of_their_own() {
    let (_folder, database) = database();
    let all = [
        program("b", 2, 8),
        program("a", 2, 9),
        program("a", 1, 9),
        program(EVERYBODY, 3, 7),
    ];
    all.iter().for_each(|program| register(&database, program));
    let found = |client, id| {
        database
            .program(client, &ImageId([id; 32]))
            .expect("readable")
    };
    assert_eq!(found("a", 2), Some(program("a", 2, 9)));
    assert_eq!(found("b", 2), Some(program("b", 2, 8)));
    assert_eq!(found("b", 1), None);
    assert_eq!(found("b", 3), Some(program(EVERYBODY, 3, 7)));
    let own = database.programs("a").expect("readable");
    assert_eq!(own, [program("a", 1, 9), program("a", 2, 9)]);
    let elves = database.elves().expect("readable");
    assert_eq!(elves, [7, 8, 9].map(|elf| ProofDigest([elf; 32])).into());
}

#[test]
fn what_is_there_is_replaced_only_as_expected() {
    let (_folder, database) = database();
    register(&database, &program("a", 1, 1));
    let replace = |expected: Option<u8>, elf| {
        let expected = expected.map(|elf| ProofDigest([elf; 32]));
        database
            .register(&program("a", 1, elf), expected, 1)
            .expect("readable")
    };
    assert_eq!(replace(None, 2), Registered::Changed);
    assert_eq!(replace(Some(3), 2), Registered::Changed);
    // It is no second one.
    assert_eq!(replace(Some(1), 2), Registered::Done);
    assert_eq!(
        database.programs("a").expect("readable"),
        [program("a", 1, 2)]
    );
    assert_eq!(database.doomed().expect("readable"), [ProofDigest([1; 32])]);
}

#[test]
fn a_client_has_as_many_as_it_may() {
    let (_folder, database) = database();
    register(&database, &program("a", 1, 1));
    let registered =
        |program: ProgramRecord| database.register(&program, None, 1).expect("readable");
    assert_eq!(registered(program("a", 2, 2)), Registered::Full);
    assert_eq!(registered(program("b", 2, 1)), Registered::Done);
    // What was put into the store for it goes, unless somebody has it.
    assert_eq!(registered(program("a", 3, 1)), Registered::Full);
    assert_eq!(database.doomed().expect("readable"), [ProofDigest([2; 32])]);
}

#[test]
fn an_elf_goes_with_its_last_program() {
    let (_folder, database) = database();
    let (first, second) = (program("a", 1, 1), program("b", 1, 1));
    for program in [&first, &second] {
        register(&database, program);
    }
    let remove = |client| {
        database
            .remove_program(client, &first.image_id)
            .expect("readable")
    };
    assert_eq!(remove("c"), Removed::Unknown);
    assert_eq!(remove("a"), Removed::Gone(first.clone()));
    assert_eq!(remove("a"), Removed::Unknown);
    assert!(database.doomed().expect("readable").is_empty());
    assert_eq!(remove("b"), Removed::Gone(second));
    assert_eq!(database.doomed().expect("readable"), [first.elf_digest]);
}

#[test]
fn a_program_stays_as_long_as_its_jobs() {
    let (_folder, database) = database();
    let mut job = record("a", None);
    let image = job.job.image_id;
    for client in ["a", "b"] {
        let own = ProgramRecord {
            image_id: image,
            ..program(client, 0, 1)
        };
        register(&database, &own);
    }
    database.insert(&job).expect("it is written");
    let remove = |client| database.remove_program(client, &image).expect("readable");
    assert_eq!(remove("a"), Removed::InUse(1));
    assert!(matches!(remove("b"), Removed::Gone(_)));
    job.job.state = crate::job::JobState::Cancelled;
    database.update(&job).expect("it is written");
    assert!(matches!(remove("a"), Removed::Gone(_)));
    // And without it there are no more.
    let another = database.insert(&record("a", None)).map(drop);
    assert!(matches!(
        another,
        Err(ServiceError::NotFound {
            what: "program",
            ..
        })
    ));
}

#[test]
fn shared_programs_are_taken_over() {
    let (_folder, database) = database();
    // As a former version left it: programs by image ID, a job of "b" for the program of "a".
    let (brought, embedded) = (program("a", 1, 1), program("vouch", 2, 2));
    let old = [&brought, &embedded, &program("c", 3, 3)];
    let mut job = record("b", None);
    job.job.image_id = brought.image_id;
    let write = |transaction: &WriteTransaction| {
        let mut shared = transaction.open_table(SHARED).map_err(failed)?;
        for program in old {
            shared
                .insert(program.image_id.0, &*json(program)?)
                .map_err(failed)?;
        }
        super::super::put(transaction, &job)?;
        let mut open = transaction.open_table(OPEN).map_err(failed)?;
        open.insert(job.job.id.to_bytes(), ()).map_err(failed)?;
        Ok(())
    };
    database.write(write).expect("it is written");
    register(&database, &program(EVERYBODY, 2, 2));
    for _ in 0..2 {
        database.take_over_programs().expect("readable");
        let ids = |client| -> Vec<u8> {
            let own = database.programs(client).expect("readable");
            own.iter().map(|program| program.image_id.0[0]).collect()
        };
        assert_eq!(
            ["a", "b", "c", "vouch", EVERYBODY].map(ids),
            [vec![1], vec![1], vec![3], vec![], vec![2]]
        );
    }
    let found = database.program("b", &brought.image_id).expect("readable");
    assert_eq!(found, Some(program("b", 1, 1)));
}
