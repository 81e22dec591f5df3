//! What the service does, whoever asks and by whatever protocol.
//!
//! | module | what |
//! |---|---|
//! | `service` | the operations, submitting apart |
//! | `submit` | from a request to a job |
//! | `programs` | whose programs are which |
//! | `worker` | proving |
//! | `queue` | who is proven next |
//! | `loaded` | programs in memory, ready to run |
//! | `sizes` | what answers and work will take, before they are made |
//! | `database` | jobs and programs, in one file |
//! | `inputs` | private inputs, as files |
//! | `receipts` | receipts, found by what they prove |
//! | `verify` | receipts that clients bring |
//! | `housekeeping` | time limits, and what has been kept long enough |

mod database;
mod housekeeping;
mod inputs;
mod loaded;
mod programs;
mod queue;
mod receipts;
mod service;
mod sizes;
mod submit;
mod verify;
mod worker;

pub use database::ProgramRecord;
pub use service::{MAX_LIST, Service, Started};
pub use verify::{Verdict, VerifyMode};
