//! Finds the version of the library that a build links, for the build scripts of the runners.
//!
//! Cargo tells a build script nothing about the versions of its dependencies, so the lock file is read: the nearest
//! `Cargo.lock` at or above the manifest, which Cargo has written before a build script runs.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Emits `LIBRARY_VERSION`, `RUSTC_VERSION`, and a flag `<flag>_N` for each minor release 0.N in `known` up to the linked
/// one. A version that is not found counts as the newest, and is reported as `unknown`.
pub fn emit(library: &str, flag: &str, known: RangeInclusive<u64>) {
    println!("cargo:rerun-if-changed=build.rs");
    let runner = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let version = lock_file().and_then(|path| {
        println!("cargo:rerun-if-changed={}", path.display());
        linked_version(&std::fs::read_to_string(path).ok()?, library, &runner)
    });
    if version.is_none() {
        println!("cargo:warning=no Cargo.lock names {library}: its newest API is assumed");
    }
    let minor = version.as_deref().map_or(u64::MAX, minor_release);
    for release in known {
        println!("cargo:rustc-check-cfg=cfg({flag}_{release})");
        if minor >= release {
            println!("cargo:rustc-cfg={flag}_{release}");
        }
    }
    println!("cargo:rustc-env=LIBRARY_VERSION={}", version.as_deref().unwrap_or("unknown"));
    println!("cargo:rustc-env=RUSTC_VERSION={}", rustc_version());
}

/// The minor number of a 0.x release; anything from 1.0 on is newer than all of them.
fn minor_release(version: &str) -> u64 {
    let mut parts = version.split('.').map(|part| part.parse::<u64>().unwrap_or(0));
    match (parts.next(), parts.next()) {
        (Some(0), Some(minor)) => minor,
        _ => u64::MAX,
    }
}

/// The nearest `Cargo.lock` above the manifest, else above the output directory (a vendored or installed package).
fn lock_file() -> Option<PathBuf> {
    ["CARGO_MANIFEST_DIR", "OUT_DIR"].iter().find_map(|name| {
        let start = PathBuf::from(std::env::var_os(name)?);
        start.ancestors().map(|folder| folder.join("Cargo.lock")).find(|path| Path::is_file(path))
    })
}

/// The version of the library that the runner depends on. A lock with several of them names the version among the dependencies.
fn linked_version(lock: &str, library: &str, runner: &str) -> Option<String> {
    let mut versions = Vec::new();
    let mut chosen = None;
    let dependency = format!("\"{library} ");
    for package in lock.split("[[package]]").skip(1) {
        match field(package, "name") {
            Some(name) if name == library => versions.extend(field(package, "version").map(str::to_owned)),
            Some(name) if name == runner => {
                let named = package.lines().filter_map(|line| line.trim().strip_prefix(dependency.as_str()));
                chosen = named.filter_map(|rest| rest.split([' ', '"']).next()).map(str::to_owned).next();
            }
            _ => {}
        }
    }
    chosen.or_else(|| versions.into_iter().next())
}

fn field<'a>(package: &'a str, name: &str) -> Option<&'a str> {
    package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \"")?.strip_suffix('"'))
}

fn rustc_version() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().ok();
    let line = output.and_then(|output| String::from_utf8(output.stdout).ok()).unwrap_or_default();
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}
