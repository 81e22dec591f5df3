//! Programs as C++: the kernels of a table, by degree of the challenge field, from the pieces in
//! `kernels/constraints.cuh`, `logup.cuh` and `quotient.cuh`.

use vouch_air::tables::Table;

use super::TableProgram;
use super::graph::{Id, Node};
use super::order::{IrStep, Part};
use crate::field::word;
use crate::sources::Source;

/// Degrees of the challenge field.
const DEGREES: [usize; 2] = [4, 5];
/// Operations from which on a table has a file for each degree, so that no file takes long to
/// compile.
const LONG: usize = 2000;

/// The files of all tables that are compiled.
pub fn sources() -> Vec<Source> {
    let programs = Table::ALL.into_iter().map(TableProgram::of);
    { programs.filter(|program| program.encoded.is_none()) }
        .flat_map(files)
        .collect()
}

fn files(program: &TableProgram) -> Vec<Source> {
    let name = program.table.name();
    let file = |name, degrees: &[usize]| Source {
        name: format!("constraints_{name}.cu"),
        text: program.source(degrees),
    };
    if program.statistics().operations < LONG {
        return vec![file(name.to_string(), &DEGREES)];
    }
    let of_degree = |degree| file(format!("{name}_{degree}"), &[degree]);
    DEGREES.map(of_degree).into()
}

impl TableProgram {
    /// The table's kernels.
    fn source(&self, degrees: &[usize]) -> String {
        let name = self.table.name();
        let mut text = format!("// Generated from the constraints of the table {name}.\n");
        text += "#include \"logup.cuh\"\n#include \"quotient.cuh\"\n";
        self.parts(&mut text);
        self.stages(&mut text);
        for stage in ["logup", "quotient"] {
            for degree in degrees {
                text += &format!(
                    "KERNEL(table_{stage}_{name}_{degree}, TableArgs) {{ {name}_{stage}<{degree}>(a); }}\n"
                );
            }
        }
        text
    }

    /// A function for each part.
    fn parts(&self, text: &mut String) {
        let name = self.table.name();
        // Constraints and messages are a part each at least.
        let several = self.constraint_parts.len() + self.message_parts.len() > 2;
        let function = if several { "PART" } else { "DEVICE" };
        for (i, part) in self.constraint_parts.iter().enumerate() {
            *text += &format!(
                "
template <uint32_t D>
{function} void {name}_constraints_{i}(const Row &r, Sum<D> &constraints) {{
"
            );
            self.steps(text, part);
            *text += "}\n";
        }
        for (i, part) in self.message_parts.iter().enumerate() {
            *text += &format!(
                "
template <uint32_t D, typename Sink>
{function} void {name}_messages_{i}(const Row &r, Sink &messages) {{
"
            );
            self.steps(text, part);
            *text += "}\n";
        }
    }

    /// What the kernels do: all parts, and what follows them.
    fn stages(&self, text: &mut String) {
        let name = self.table.name();
        let columns = self.plan.columns.len();
        let calls = |parts: &[Part], what: &str| -> String {
            let call = |i| format!("    {name}_{what}_{i}<D>(r, {what});\n");
            (0..parts.len()).map(call).collect()
        };
        let messages = calls(&self.message_parts, "messages");
        let constraints = calls(&self.constraint_parts, "constraints");
        let powers = self.combiners() + self.constraints.len();
        *text += &format!(
            "
template <uint32_t D> DEVICE void {name}_logup(const TableArgs &a) {{
    if (line() >= a.points) {{
        return;
    }}
    Row r = row(a, line());
    LogUp<D, {columns}> messages = {{lift<D>(one()), {{}}}};
{messages}    finish(r, messages);
}}

template <uint32_t D> DEVICE void {name}_quotient(const TableArgs &a) {{
    if (line() >= a.points) {{
        return;
    }}
    Row r = row(a, line());
    Sum<D> constraints = {{}};
{constraints}    Quotient<D> messages = {{{powers}, value(constraints), {{}}}};
{messages}    finish(r, messages, {columns});
}}

"
        );
    }

    /// What a part does, a line a step.
    fn steps(&self, text: &mut String, part: &Part) {
        for &step in &part.steps {
            *text += &format!("    {}\n", self.step(step));
        }
    }

    fn step(&self, step: IrStep) -> String {
        match step {
            IrStep::Compute(id) => format!("Fp v{} = {};", id.0, self.expression(id)),
            IrStep::Constraint { index, value } => {
                let power = self.combiners() + index;
                format!(
                    "add(constraints, {}, number<D>(r, {power}));",
                    self.operand(value)
                )
            }
            IrStep::Begin { slot } => {
                let combiner = self.messages[slot].combiner;
                format!("Sum<D> s{slot} = sum(number<D>(r, {combiner}));")
            }
            IrStep::Field { slot, index, value } => {
                let factor = self.messages[slot].combiner + 1 + index;
                format!(
                    "add(s{slot}, {}, number<D>(r, {factor}));",
                    self.operand(value)
                )
            }
            IrStep::End { slot, count } => {
                let column = self.messages[slot].column;
                self.end(slot, column, &self.operand(count))
            }
        }
    }

    /// A message joins those of its column before it, and the column is complete with its last.
    fn end(&self, slot: usize, column: usize, count: &str) -> String {
        let slots = &self.plan.columns[column];
        let first = slots.start;
        if slots.len() == 1 {
            return format!("push(r, messages, {column}, {count}, value(s{slot}));");
        }
        let mut text = match slot - first {
            0 => format!("Fp c{slot} = {count};\n    Extension<D> d{slot} = value(s{slot});"),
            1 => format!(
                "Fraction<D> f{column} = join(c{first}, d{first}, {count}, value(s{slot}));"
            ),
            _ => format!("f{column} = join(f{column}, {count}, value(s{slot}));"),
        };
        if slot + 1 == slots.end {
            text += &format!(
                "\n    push(r, messages, {column}, f{column}.numerator, f{column}.denominator);"
            );
        }
        text
    }

    /// A value that is there.
    fn operand(&self, id: Id) -> String {
        match self.graph.node(id) {
            Node::Constant(value) => format!("fp({}u)", word(value)),
            _ => format!("v{}", id.0),
        }
    }

    /// How a value is computed.
    fn expression(&self, id: Id) -> String {
        match self.graph.node(id) {
            Node::Constant(_) => self.operand(id),
            Node::Main {
                column,
                next: false,
            } => format!("current(r, {column})"),
            Node::Main { column, next: true } => format!("next(r, {column})"),
            Node::Fixed(column) => format!("fixed(r, {column})"),
            Node::Periodic(column) => format!("periodic(r, {column})"),
            Node::Public(index) => format!("public_value(r, {index})"),
            Node::IsFirst => "is_first(r)".into(),
            Node::IsLast => "is_last(r)".into(),
            Node::IsTransition => "is_transition(r)".into(),
            Node::Add(x, y) => format!("{} + {}", self.operand(x), self.operand(y)),
            Node::Sub(x, y) => format!("{} - {}", self.operand(x), self.operand(y)),
            Node::Mul(x, y) => format!("{} * {}", self.operand(x), self.operand(y)),
            Node::Neg(x) => format!("-{}", self.operand(x)),
        }
    }
}
