//! Compiles each source for each architecture, unless it is as it was.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use vouch_gpu::{Source, digest};

use super::nvcc::Compiler;
use super::ptxas;
use super::report::{Cubin, Report};

/// To intermediate code.
const TO_PTX: [&str; 5] = ["-std=c++17", "-O3", "-Werror", "all-warnings", "-ptx"];
/// From there to a GPU's own.
const TO_CUBIN: [&str; 6] = ["-O3", "-Werror", "all-warnings", "-cubin", "-Xptxas", "-v"];
/// Compilers that run at once: they take as much memory as they like.
const AT_ONCE: usize = 2;

/// A source to compile. Its intermediate code is made once, for the oldest architecture: that takes
/// longer than all that follows, and comes to the same for all of them.
pub struct Unit {
    /// The source's name, without `.cu`.
    name: String,
    /// The architecture of the intermediate code: `compute_80`.
    base: String,
    cubins: Vec<Job>,
}

/// A cubin that is wanted of a unit.
struct Job {
    architecture: String,
    /// Its file's name.
    file: String,
    /// What it depends on, hashed.
    key: String,
}

/// What became of a cubin.
pub enum Outcome {
    /// It is there.
    Compiled(Cubin),
    /// It does not compile; what the compiler says.
    Failed(String),
}

impl Unit {
    /// The names of its cubins' files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.cubins.iter().map(|job| job.file.as_str())
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
pub fn units(sources: &[Source], architectures: &[String], compiler: &str) -> Vec<Unit> {
    let base = oldest(architectures);
    let unit = |source: &Source| {
        let name = source.name.strip_suffix(".cu")?;
        let read = included(sources, source);
        let job = |architecture: &String| {
            let flags = [&TO_PTX[..], &TO_CUBIN].concat().join(" ");
            let command = Source {
                name: "command".into(),
                text: format!("{compiler} {flags} {base} {architecture}"),
            };
            Job {
                architecture: architecture.clone(),
                file: format!("{name}.{architecture}.cubin"),
                key: digest(read.iter().copied().chain([&command])),
            }
        };
        Some(Unit {
            name: name.into(),
            base: base.clone(),
            cubins: architectures.iter().map(job).collect(),
        })
    };
    sources.iter().filter_map(unit).collect()
}

/// `compute_80` of `sm_80` and newer ones.
fn oldest(architectures: &[String]) -> String {
    let number = |architecture: &String| architecture.trim_start_matches("sm_").parse().ok();
    let oldest: Option<u32> = architectures.iter().filter_map(number).min();
    oldest.map_or_else(String::new, |oldest| format!("compute_{oldest}"))
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

/// Makes all cubins, of which those that `before` has with the same key are there.
pub fn all(
    compiler: &Compiler,
    units: &[Unit],
    before: &Report,
    out: &Path,
) -> Result<Vec<Outcome>> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(AT_ONCE)
        .build()
        .context("cannot start threads")?;
    pool.install(|| {
        let outcomes = units
            .par_iter()
            // One after another: some take much longer than others.
            .with_max_len(1)
            .map(|unit| make(compiler, unit, before, out));
        let outcomes: Vec<Vec<Outcome>> = outcomes.collect::<Result<_>>()?;
        Ok(outcomes.into_iter().flatten().collect())
    })
}

/// Makes the cubins of a unit.
fn make(compiler: &Compiler, unit: &Unit, before: &Report, out: &Path) -> Result<Vec<Outcome>> {
    let mut ptx = None;
    let mut outcomes = Vec::new();
    for job in &unit.cubins {
        let done = { before.cubins.iter() }
            .find(|cubin| cubin.key == job.key && cubin.unit == unit.name)
            .filter(|_| out.join(&job.file).exists());
        if let Some(cubin) = done {
            outcomes.push(Outcome::Compiled(cubin.clone()));
            continue;
        }
        // What is there is of other sources.
        let path = out.join(&job.file);
        if path.exists() {
            fs::remove_file(&path)?;
        }
        let ptx = match &ptx {
            Some(ptx) => ptx,
            None => ptx.insert(to_ptx(compiler, unit, out)?),
        };
        outcomes.push(match ptx {
            Ok(ptx) => to_cubin(compiler, unit, job, ptx, out)?,
            Err(complaint) => Outcome::Failed(format!("{}: {complaint}", job.file)),
        });
    }
    if let Some(Ok(ptx)) = ptx {
        fs::remove_file(ptx)?;
    }
    Ok(outcomes)
}

/// The file with a unit's intermediate code, or what the compiler says.
fn to_ptx(compiler: &Compiler, unit: &Unit, out: &Path) -> Result<Result<PathBuf, String>> {
    eprintln!("compiling {}", unit.name);
    let ptx = out.join(format!("{}.ptx", unit.name));
    let source = out.join("src").join(format!("{}.cu", unit.name));
    let printed = compile(compiler, &TO_PTX, &unit.base, &source, &ptx)?;
    Ok(printed.map(|_| ptx))
}

fn to_cubin(
    compiler: &Compiler,
    unit: &Unit,
    job: &Job,
    ptx: &Path,
    out: &Path,
) -> Result<Outcome> {
    // Renamed when it is whole.
    let part = out.join(format!("{}.part", job.file));
    let failed = |reason: String| Ok(Outcome::Failed(format!("{}: {reason}", job.file)));
    let printed = match compile(compiler, &TO_CUBIN, &job.architecture, ptx, &part)? {
        Ok(printed) => printed,
        Err(complaint) => return failed(complaint),
    };
    match ptxas::parse(&printed) {
        Ok(kernels) if kernels.is_empty() => failed("it has no kernels".into()),
        Err(line) => failed(format!("what ptxas says is not understood: {line}")),
        Ok(kernels) => {
            let bytes = fs::metadata(&part)?.len();
            fs::rename(&part, out.join(&job.file))?;
            Ok(Outcome::Compiled(Cubin {
                unit: unit.name.clone(),
                architecture: job.architecture.clone(),
                key: job.key.clone(),
                bytes,
                kernels,
            }))
        }
    }
}

/// What the compiler says, whether it succeeds or not.
fn compile(
    compiler: &Compiler,
    flags: &[&str],
    architecture: &str,
    from: &Path,
    to: &Path,
) -> Result<Result<String, String>> {
    let output = Command::new(&compiler.path)
        .args(flags)
        .arg(format!("-arch={architecture}"))
        .arg("-o")
        .args([to, from])
        .output()
        .with_context(|| format!("cannot run {}", compiler.path.display()))?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok(match output.status.success() {
        true => Ok(stderr),
        false => Err(format!("{}: {stderr}", output.status)),
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
        let units = units(sources, &architectures, compiler);
        let jobs = units.into_iter().flat_map(|unit| unit.cubins);
        jobs.map(|job| job.key).collect()
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
    fn the_oldest_architecture_is_the_base() {
        let of =
            |names: &[&str]| oldest(&names.iter().map(|name| (*name).into()).collect::<Vec<_>>());
        assert_eq!(of(&["sm_90", "sm_89", "sm_100"]), "compute_89");
        assert_eq!(of(&["sm_100"]), "compute_100");
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
