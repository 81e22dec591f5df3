//! Compiles each source for each architecture, unless it is as it was.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use vouch_gpu::{Source, digest};

use super::nvcc::Compiler;
use super::ptxas;
use super::report::{Cubin, Report};

const FLAGS: [&str; 7] = [
    "-std=c++17",
    "-O3",
    "-cubin",
    "-Werror",
    "all-warnings",
    "-Xptxas",
    "-v",
];
/// Compilers that run at once: they take as much memory as they like.
const AT_ONCE: usize = 2;

/// A source to compile for an architecture.
pub struct Job {
    /// The source's name, without `.cu`.
    unit: String,
    architecture: String,
    /// What the cubin depends on, hashed.
    key: String,
}

/// What became of a job.
pub enum Outcome {
    /// The cubin is there.
    Compiled(Cubin),
    /// It does not compile; what the compiler says.
    Failed(String),
}

impl Job {
    /// The name of the cubin's file.
    pub fn file(&self) -> String {
        format!("{}.{}.cubin", self.unit, self.architecture)
    }
}

/// Writes the sources to a folder, and removes what else is there.
pub fn write_sources(sources: &[Source], folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for Source { name, text } in sources {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// Every source that is compiled, for every architecture.
pub fn jobs(sources: &[Source], architectures: &[String], compiler: &str) -> Vec<Job> {
    let mut jobs = Vec::new();
    for source in sources {
        let Some(unit) = source.name.strip_suffix(".cu") else {
            continue;
        };
        let read = included(sources, source);
        for architecture in architectures {
            let command = Source {
                name: "command".into(),
                text: format!("{compiler} {} {architecture}", FLAGS.join(" ")),
            };
            jobs.push(Job {
                unit: unit.into(),
                architecture: architecture.clone(),
                key: digest(read.iter().copied().chain([&command])),
            });
        }
    }
    jobs
}

/// A source and all that it includes, in the order of `sources`.
fn included<'a>(sources: &'a [Source], source: &'a Source) -> Vec<&'a Source> {
    let mut names = BTreeSet::from([source.name.as_str()]);
    let mut open = vec![source];
    while let Some(source) = open.pop() {
        let lines = source.text.lines();
        let named = lines.filter_map(|line| line.trim().strip_prefix("#include \""));
        for name in named.map(|name| name.trim_end_matches('"')) {
            let found = sources.iter().find(|source| source.name == name);
            if let Some(found) = found.filter(|found| names.insert(&found.name)) {
                open.push(found);
            }
        }
    }
    let read = sources.iter().filter(|s| names.contains(s.name.as_str()));
    read.collect()
}

/// Does all jobs, of which those that `before` has with the same key are done.
pub fn all(compiler: &Compiler, jobs: &[Job], before: &Report, out: &Path) -> Result<Vec<Outcome>> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(AT_ONCE)
        .build()
        .context("cannot start threads")?;
    pool.install(|| {
        let outcomes = jobs.par_iter().map(|job| {
            let done = { before.cubins.iter() }
                .find(|cubin| cubin.key == job.key && cubin.unit == job.unit)
                .filter(|_| out.join(job.file()).exists());
            match done {
                Some(cubin) => Ok(Outcome::Compiled(cubin.clone())),
                None => compile(compiler, job, out),
            }
        });
        outcomes.collect()
    })
}

fn compile(compiler: &Compiler, job: &Job, out: &Path) -> Result<Outcome> {
    eprintln!("compiling {} for {}", job.unit, job.architecture);
    let path = out.join(job.file());
    // What is there is of other sources.
    if path.exists() {
        fs::remove_file(&path)?;
    }
    // Renamed when it is whole.
    let part = out.join(format!("{}.part", job.file()));
    let output = Command::new(&compiler.path)
        .args(FLAGS)
        .arg(format!("-arch={}", job.architecture))
        .arg("-o")
        .arg(&part)
        .arg(out.join("src").join(format!("{}.cu", job.unit)))
        .output()
        .with_context(|| format!("cannot run {}", compiler.path.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let failed = |reason: &str| Outcome::Failed(format!("{}: {reason}", job.file()));
    if !output.status.success() {
        return Ok(failed(&format!("{}: {said}", output.status)));
    }
    Ok(match ptxas::parse(&said) {
        Ok(kernels) if kernels.is_empty() => failed("it has no kernels"),
        Err(line) => failed(&format!("what ptxas says is not understood: {line}")),
        Ok(kernels) => {
            let bytes = fs::metadata(&part)?.len();
            fs::rename(&part, &path)?;
            Outcome::Compiled(Cubin {
                unit: job.unit.clone(),
                architecture: job.architecture.clone(),
                key: job.key.clone(),
                bytes,
                kernels,
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, text: &str) -> Source {
        Source {
            name: name.into(),
            text: text.into(),
        }
    }

    /// Two units, one of which includes a header by way of another.
    fn sources() -> Vec<Source> {
        vec![
            source("base.cuh", "#pragma once\n"),
            source("field.cuh", "#include <stdint.h>\n#include \"base.cuh\"\n"),
            source("other.cuh", "#include \"other.cuh\"\n"),
            source("a.cu", "#include \"field.cuh\"\n"),
            source("b.cu", "#include \"other.cuh\"\n#include \"none.h\"\n"),
        ]
    }

    fn keys(sources: &[Source], compiler: &str) -> Vec<String> {
        let architectures = ["sm_80", "sm_90"].map(String::from);
        let jobs = jobs(sources, &architectures, compiler);
        jobs.into_iter().map(|job| job.key).collect()
    }

    #[test]
    fn a_unit_is_compiled_again_if_what_it_reads_changes() {
        let before = keys(&sources(), "13.0");
        let distinct: BTreeSet<_> = before.iter().collect();
        assert_eq!((before.len(), distinct.len()), (4, 4));
        let mut changed = sources();
        changed[0].text.push_str("int x;\n");
        let after = keys(&changed, "13.0");
        assert!(before[0] != after[0] && before[1] != after[1]);
        assert_eq!(before[2..], after[2..]);
        let other = keys(&sources(), "13.1");
        assert!(before.iter().zip(&other).all(|(a, b)| a != b));
    }

    #[test]
    fn a_unit_reads_what_it_includes() {
        let sources = sources();
        let names = |i: usize| -> Vec<&str> {
            let read = included(&sources, &sources[i]);
            read.into_iter().map(|s| s.name.as_str()).collect()
        };
        assert_eq!(names(3), ["base.cuh", "field.cuh", "a.cu"]);
        assert_eq!(names(4), ["other.cuh", "b.cu"]);
    }
}
