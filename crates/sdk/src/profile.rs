//! Where a run's cycles and committed cells go, by guest function.
//!
//! Cells are those of a proof in the profile fast at 100 bits, were the run one segment, and only
//! those of rows that some function is the cause of: the tables' padding, the claim and the lookup
//! or facts table are left out. docs/profiling.md says how to read it.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use vouch_air::tables::Table;
use vouch_emulator::profile::{CallTree, Counts, Frame};
use vouch_emulator::{Execution, Limits, Program, ScopeCost, Stream, readable};
use vouch_isa::event;
use vouch_verifier::{Profile, TableShape};

use crate::error::Error;

/// Runs `program` on `input` as [`execute`](crate::execute) does, and says what it costs by
/// function. The profile of a run that fails is that of what ran until then.
pub fn profile(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
) -> (Result<Execution, Error>, GuestProfile) {
    let mut watch = |_| ControlFlow::Continue(());
    profile_watched(program, input, limits, console, &mut watch)
}

/// As [`profile`]; `watch` is told of progress as by [`execute_watched`](crate::execute_watched).
pub fn profile_watched(
    program: &Program,
    input: &[u8],
    limits: &Limits,
    console: &mut dyn FnMut(Stream, &[u8]),
    watch: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> (Result<Execution, Error>, GuestProfile) {
    let run = || vouch_emulator::profile_watched(program, input, limits, console, watch);
    let (result, tree) = tracing::info_span!(target: "vouch::phase", "execute").in_scope(run);
    (result.map_err(Error::from), GuestProfile::new(&tree))
}

/// What to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Instructions executed.
    Cycles,
    /// Base-field cells that a proof commits to.
    Cells,
}

/// An amount in both units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Instructions executed.
    pub cycles: u64,
    /// Base-field cells that a proof commits to.
    pub cells: u64,
}

impl Amount {
    /// In one unit.
    pub const fn of(&self, unit: Unit) -> u64 {
        match unit {
            Unit::Cycles => self.cycles,
            Unit::Cells => self.cells,
        }
    }

    fn add(&mut self, other: Self) {
        self.cycles += other.cycles;
        self.cells += other.cells;
    }
}

/// What a table holds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableRows {
    /// Name of the table.
    pub table: &'static str,
    /// Its rows, without padding; of Poseidon2 at most these.
    pub rows: u64,
    /// The cells of these rows.
    pub cells: u64,
}

/// What a run has cost, by call path.
#[derive(Clone, Debug)]
pub struct GuestProfile {
    /// The first is the root; parents come before their children.
    nodes: Vec<Node>,
    /// Of functions, in no order.
    names: Vec<String>,
    tables: Vec<TableRows>,
    scopes: Vec<ScopeCost>,
    has_symbols: bool,
}

/// A call path, by names.
#[derive(Clone, Debug)]
struct Node {
    parent: usize,
    /// Index of [`GuestProfile::names`].
    name: usize,
    /// That of the function that ran: another one in a scope.
    function: usize,
    /// Without what it called.
    own: Amount,
}

/// Lines of [`GuestProfile::folded`] that are less than this part of the whole are not worth
/// their place: none would be as wide as a third of a pixel.
const LEAST_PART: u64 = 1 << 13;

impl GuestProfile {
    fn new(tree: &CallTree<'_>) -> Self {
        let mut builder = Builder::default();
        // Where the tree's nodes are in the profile, in which equal names are one.
        let mut places: Vec<usize> = Vec::with_capacity(tree.nodes.len());
        let columns = columns();
        let mut totals = [0; TABLES];
        for node in &tree.nodes {
            let rows = rows(&node.counts);
            let own = Amount {
                cycles: node.counts.cycles(),
                cells: cells(&rows, &columns).iter().sum(),
            };
            totals
                .iter_mut()
                .zip(rows)
                .for_each(|(total, rows)| *total += rows);
            let parent = places.get(node.parent).copied().unwrap_or_default();
            let is_scope = matches!(node.frame, Frame::Scope(_));
            places.push(builder.add(parent, frame_name(tree, node.frame), is_scope, own));
        }
        let table = |((table, rows), cells): ((Table, u64), u64)| TableRows {
            table: table.name(),
            rows,
            cells,
        };
        let all = Table::ALL.into_iter().zip(totals);
        let mut tables: Vec<TableRows> = all
            .zip(cells(&totals, &columns))
            .filter(|((table, _), _)| !is_left_out(*table))
            .map(table)
            .collect();
        tables.sort_by_key(|table| std::cmp::Reverse(table.cells));
        Self {
            nodes: builder.nodes,
            names: builder.names,
            tables,
            scopes: tree.scopes.clone(),
            has_symbols: tree
                .functions
                .iter()
                .any(|function| function.name.is_some()),
        }
    }

    /// The whole run.
    pub fn total(&self) -> Amount {
        self.nodes.iter().fold(Amount::default(), |mut sum, node| {
            sum.add(node.own);
            sum
        })
    }

    /// Each function that ran, without those that it called; the one with the most cells first.
    pub fn functions(&self) -> Vec<(&str, Amount)> {
        let mut amounts = vec![Amount::default(); self.names.len()];
        for node in &self.nodes {
            if let Some(amount) = amounts.get_mut(node.function) {
                amount.add(node.own);
            }
        }
        let names = self.names.iter().map(String::as_str);
        let mut list: Vec<_> = names
            .zip(amounts)
            .filter(|(_, own)| own.cycles > 0)
            .collect();
        list.sort_by(|(a, x), (b, y)| y.cells.cmp(&x.cells).then(a.cmp(b)));
        list
    }

    /// The tables, the one with the most cells first.
    pub fn tables(&self) -> &[TableRows] {
        &self.tables
    }

    /// What the scopes that the guest has named have cost.
    pub fn scopes(&self) -> &[ScopeCost] {
        &self.scopes
    }

    /// Whether the ELF names any function; if not, code goes by its addresses.
    pub fn has_symbols(&self) -> bool {
        self.has_symbols
    }

    /// Call paths, depth first, in the folded format of flame graphs: `main;sort;swap 17`. What is
    /// too small to be seen is added to its caller, so that the sum is that of the run.
    pub fn folded(&self, unit: Unit) -> Vec<String> {
        let least = self.total().of(unit) / LEAST_PART;
        let mut own: Vec<u64> = self.nodes.iter().map(|node| node.own.of(unit)).collect();
        let mut children = vec![Vec::new(); self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().skip(1).rev() {
            if own[index] < least && node.parent > 0 {
                own[node.parent] += std::mem::take(&mut own[index]);
            }
            children[node.parent].push(index);
        }
        let name = |index: &usize| &self.names[self.nodes[*index].name];
        for siblings in &mut children {
            siblings.sort_by(|a, b| name(b).cmp(name(a)));
        }
        let mut lines = Vec::new();
        // Paths still to be written, with the length of what is above them.
        let mut path = String::new();
        let mut waiting: Vec<(usize, usize)> = children[0].iter().map(|&i| (i, 0)).collect();
        while let Some((index, above)) = waiting.pop() {
            path.truncate(above);
            if above > 0 {
                path.push(';');
            }
            path.push_str(name(&index));
            if own[index] > 0 {
                lines.push(format!("{path} {}", own[index]));
            }
            waiting.extend(children[index].iter().map(|&child| (child, path.len())));
        }
        lines
    }
}

/// Makes nodes whose siblings have different names.
#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    names: Vec<String>,
    numbers: BTreeMap<String, usize>,
    children: HashMap<(usize, usize), usize>,
}

impl Builder {
    fn add(&mut self, parent: usize, name: String, is_scope: bool, own: Amount) -> usize {
        let next = self.names.len();
        let number = *self.numbers.entry(name).or_insert_with_key(|name| {
            self.names.push(name.clone());
            next
        });
        let above = self.nodes.get(parent).map(|node| node.function);
        let function = above.filter(|_| is_scope).unwrap_or(number);
        let next = self.nodes.len();
        let index = *self.children.entry((parent, number)).or_insert(next);
        match self.nodes.get_mut(index) {
            Some(node) => node.own.add(own),
            None => self.nodes.push(Node {
                parent,
                name: number,
                function,
                own,
            }),
        }
        index
    }
}

const TABLES: usize = Table::ALL.len();

/// True of tables whose rows no function is the cause of.
const fn is_left_out(table: Table) -> bool {
    matches!(table, Table::Claim | Table::Lookup | Table::Facts)
}

/// Rows by table, those left out aside.
fn rows(counts: &Counts) -> [u64; TABLES] {
    let &Counts {
        steps,
        ecalls,
        moves,
        accelerated,
        journal_bytes,
        refreshes,
        fetches,
        leaves,
        merkle_nodes,
        compressions,
    } = counts;
    let held = event::Counts {
        steps,
        ecalls,
        moves,
        accelerated,
        refreshes,
        fetches,
        leaves,
        nodes: merkle_nodes,
        journal: journal_bytes,
        guest_bytes: 0,
    };
    Table::ALL.map(|table| match table {
        // Fewer than leaves and nodes say: the profile knows what is hashed once.
        Table::Poseidon2 => compressions,
        _ if is_left_out(table) => 0,
        _ => table.rows(&held, 0),
    })
}

/// Committed cells a row by table, in the profile fast at 100 bits.
fn columns() -> [u64; TABLES] {
    let degree = Profile::Fast100.parameters().extension.degree();
    Table::ALL.map(|table| TableShape::of(table).committed_columns(degree) as u64)
}

fn cells(rows: &[u64; TABLES], columns: &[u64; TABLES]) -> [u64; TABLES] {
    let mut cells = *rows;
    for (cells, columns) in cells.iter_mut().zip(columns) {
        *cells *= columns;
    }
    cells
}

/// What a frame is called: for functions their names, demangled and without hashes, for scopes theirs in brackets.
fn frame_name(tree: &CallTree<'_>, frame: Frame) -> String {
    let function = match frame {
        Frame::Function(index) => tree.functions.get(index as usize),
        Frame::Root => return "[all]".into(),
        Frame::Scope(index) => {
            let name = tree.scope_names.get(index as usize);
            return format!("[{}]", name.map_or_else(String::new, |name| readable(name)));
        }
        Frame::Elided => None,
    };
    let Some(function) = function else {
        return "[elided]".into();
    };
    match function.name {
        Some(name) => readable(name),
        None => format!("[{:#010x}-{:#010x}]", function.start, function.end),
    }
}
