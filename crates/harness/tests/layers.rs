//! No files of a crate import each other in a circle. Imports are the `use` lines and paths of the
//! sources.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module: its file, its submodules, what it re-exports, and the paths that it uses.
#[derive(Default)]
struct Module {
    file: PathBuf,
    reexports: BTreeMap<String, Vec<String>>,
    uses: BTreeSet<Vec<String>>,
}

type Modules = BTreeMap<Vec<String>, Module>;

#[test]
fn no_file_imports_another_in_a_circle() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut circles = vec![];
    for folder in crate::support::entries(&crates).iter().filter(|path| path.is_dir()) {
        let modules = read(&folder.join("src"));
        assert!(modules.len() > 1, "{}", folder.display());
        circles.extend(circle(&imports(&modules)));
    }
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn a_circle_is_found_through_a_reexport() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod a;\nmod b;\npub use b::{Thing, inner::Deep};\n");
    write("a.rs", "use crate::{Thing,\n    Deep};\n// use crate::b::Other;\n");
    write("b/mod.rs", "mod inner;\npub use inner::*;\nstruct Thing;\n");
    write("b/inner.rs", "use super::Thing;\nstruct Deep;\n");
    let none = circle(&imports(&read(folder.path())));
    assert!(none.is_none(), "{none:?}");
    write("b/mod.rs", "mod inner;\nstruct Thing;\nfn f() { crate::a::g() }\n");
    let found = circle(&imports(&read(folder.path()))).unwrap();
    assert!(found.contains(&folder.path().join("a.rs")), "{found:?}");
}

/// The modules below a source folder.
fn read(source: &Path) -> Modules {
    let mut modules = Modules::new();
    let mut folders = vec![(source.to_owned(), vec![])];
    while let Some((folder, path)) = folders.pop() {
        for entry in crate::support::entries(&folder) {
            let stem = entry.file_stem().unwrap().to_string_lossy().into_owned();
            let below = [path.clone(), vec![stem.clone()]].concat();
            if entry.is_dir() {
                folders.push((entry, below));
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let is_root = ["lib", "mod"].contains(&stem.as_str());
                modules.insert(if is_root { path.clone() } else { below }, parse(&entry));
            }
        }
    }
    // Nothing imports a program or the tests of a module.
    let is_test = |path: &[String]| path.last().is_some_and(|name| name == "tests");
    modules.retain(|path, _| *path != ["main"] && !is_test(path));
    modules
}

fn parse(file: &Path) -> Module {
    let text = std::fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let without_comments: Vec<&str> =
        text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    let mut module = Module { file: file.to_owned(), ..Module::default() };
    let mut rest = String::new();
    for statement in without_comments.join("\n").split_inclusive([';', '{', '}']) {
        rest.push_str(statement);
        // Braces inside the tree of a `use` do not end the statement.
        let trimmed = rest.trim_start();
        let is_use = ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
            .iter()
            .find_map(|keyword| trimmed.strip_prefix(keyword).map(|tree| (*keyword, tree)));
        match is_use {
            Some((keyword, tree)) if tree.ends_with(';') => {
                for (path, name) in expand(tree.trim_end_matches(';'), &[]) {
                    if keyword == "use " {
                        module.uses.insert(path);
                    } else if path.len() > 1 {
                        // A path of one segment is a macro of this file.
                        module.reexports.insert(name, path);
                    }
                }
                rest.clear();
            }
            Some(_) => {}
            None => {
                module.uses.extend(paths(&rest));
                rest.clear();
            }
        }
    }
    module
}

/// The paths of a tree of imports, each with the name that it introduces.
fn expand(tree: &str, before: &[String]) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    if let Some((head, inner)) = tree.split_once('{') {
        let segments = head.trim_end_matches("::").split("::").filter(|part| !part.is_empty());
        let before: Vec<String> =
            before.iter().cloned().chain(segments.map(|part| part.trim().to_owned())).collect();
        let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
        return split(inner).iter().flat_map(|part| expand(part, &before)).collect();
    }
    let (path, name) =
        tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name)));
    let segments = path.split("::").map(|part| part.trim().to_owned());
    let path: Vec<String> = before.iter().cloned().chain(segments).collect();
    let name =
        name.map_or_else(|| path.last().cloned().unwrap_or_default(), |name| name.trim().into());
    vec![(path, name)]
}

/// The parts between commas that are not inside braces.
fn split(text: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for letter in text.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        match (letter, depth) {
            (',', 0) => parts.push(String::new()),
            _ => parts.last_mut().unwrap().push(letter),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

/// The paths in code that begin with `crate` or `super`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let words = code
        .split(|c| !is_path(c))
        .filter(|word| word.starts_with("crate::") || word.starts_with("super::"));
    words.map(|word| word.split("::").map(str::to_owned).collect()).collect()
}

/// The files that each file imports.
fn imports(modules: &Modules) -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
    let targets = |(path, module): (&Vec<String>, &Module)| {
        let found = module.uses.iter().filter_map(|used| resolve(modules, path, used, 0));
        let others: BTreeSet<PathBuf> = found.filter(|file| *file != module.file).collect();
        (module.file.clone(), others)
    };
    modules.iter().map(targets).collect()
}

/// The file that a path leads to, if it belongs to this crate.
fn resolve(modules: &Modules, at: &[String], path: &[String], depth: usize) -> Option<PathBuf> {
    assert!(depth < 20, "{path:?} does not resolve");
    let mut here = at.to_vec();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => (here, rest) = (vec![], &path[1..]),
        "self" => rest = &path[1..],
        "super" => {}
        first => {
            let child = [here.clone(), vec![first.to_owned()]].concat();
            let is_known =
                modules.contains_key(&child) || modules[&here].reexports.contains_key(first);
            if !is_known {
                return None;
            }
        }
    }
    while rest.first().is_some_and(|segment| segment == "super") {
        here.pop();
        rest = &rest[1..];
    }
    for (index, segment) in rest.iter().enumerate() {
        let child = [here.clone(), vec![segment.clone()]].concat();
        if modules.contains_key(&child) {
            here = child;
        } else if let Some(target) = modules.get(&here)?.reexports.get(segment) {
            let through = [target.clone(), rest[index + 1..].to_vec()].concat();
            return resolve(modules, &here, &through, depth + 1);
        } else {
            break;
        }
    }
    Some(modules.get(&here)?.file.clone())
}

/// The files of a circle, if there is one.
fn circle(imports: &BTreeMap<PathBuf, BTreeSet<PathBuf>>) -> Option<Vec<PathBuf>> {
    let mut left = imports.clone();
    loop {
        let ends: Vec<PathBuf> = left
            .iter()
            .filter(|(_, others)| others.iter().all(|other| !left.contains_key(other)))
            .map(|(file, _)| file.clone())
            .collect();
        if ends.is_empty() {
            break;
        }
        ends.iter().for_each(|file| drop(left.remove(file)));
    }
    // The rest leads into a circle: follow imports until a file repeats.
    let mut path = vec![left.keys().next()?.clone()];
    loop {
        let next = left[path.last()?].iter().find(|other| left.contains_key(*other))?.clone();
        if let Some(start) = path.iter().position(|file| *file == next) {
            return Some(path[start..].to_vec());
        }
        path.push(next);
    }
}
