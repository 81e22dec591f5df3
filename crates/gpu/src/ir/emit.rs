//! Programs as C++: the kernels of a table, by degree of the challenge field, from the pieces in
//! `kernels/constraints.cuh`, `logup.cuh` and `quotient.cuh`.

use std::fmt::Write;

use vouch_air::tables::Table;

use super::graph::{Id, Node};
use super::order::{Part, Step};
use super::{Message, Program};
use crate::field::word;
use crate::sources::Source;

/// Degrees of the challenge field.
const DEGREES: [usize; 2] = [4, 5];

/// The files of all tables.
pub fn sources() -> Vec<Source> {
    let source = |table: Table| Source {
        name: format!("constraints_{}.cu", table.name()),
        text: Program::of(table).source(),
    };
    Table::ALL.map(source).into()
}

impl Program {
    /// The table's kernels.
    fn source(&self) -> String {
        let name = self.table.name();
        let mut text = format!("// Generated from the constraints of the table {name}.\n");
        text += "#include \"logup.cuh\"\n#include \"quotient.cuh\"\n";
        let parts = self.constraint_parts.len() + self.message_parts.len();
        // Two parts are what there is at least: constraints and messages.
        let function = if parts > 2 { "PART" } else { "DEVICE" };
        for (i, part) in self.constraint_parts.iter().enumerate() {
            text += &format!(
                "\ntemplate <uint32_t D> {function} void {name}_constraints_{i}(const Row &r, Sum<D> &sum) {{\n"
            );
            self.steps(&mut text, part);
            text += "}\n";
        }
        for (i, part) in self.message_parts.iter().enumerate() {
            text += &format!(
                "\ntemplate <uint32_t D, typename Sink> {function} void {name}_messages_{i}(const Row &r, Sink &sink) {{\n"
            );
            self.steps(&mut text, part);
            text += "}\n";
        }
        self.kernels(&mut text);
        text
    }

    /// The kernels, and what they do after all parts.
    fn kernels(&self, text: &mut String) {
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
        for stage in ["logup", "quotient"] {
            for degree in DEGREES {
                *text += &format!(
                    "KERNEL(table_{stage}_{name}_{degree}, TableArgs) {{ {name}_{stage}<{degree}>(a); }}\n"
                );
            }
        }
    }

    fn steps(&self, text: &mut String, part: &Part) {
        for &step in &part.steps {
            *text += "    ";
            match step {
                Step::Compute(id) => {
                    let _ = write!(text, "Fp v{} = {};", id.0, self.expression(id));
                }
                Step::Constraint { index, value } => {
                    let power = self.combiners() + index;
                    let value = self.operand(value);
                    let _ = write!(text, "add(sum, {value}, number<D>(r, {power}));");
                }
                Step::Begin { slot } => {
                    let combiner = self.messages[slot].combiner;
                    let _ = write!(text, "Sum<D> s{slot} = ::sum(number<D>(r, {combiner}));");
                }
                Step::Field { slot, index, value } => {
                    let factor = self.messages[slot].combiner + 1 + index;
                    let value = self.operand(value);
                    let _ = write!(text, "add(s{slot}, {value}, number<D>(r, {factor}));");
                }
                Step::End { slot, .. } => self.end(text, slot),
            }
            *text += "\n";
        }
    }

    /// A message joins those of its column before it, and the column is complete with its last.
    fn end(&self, text: &mut String, slot: usize) {
        let Message { column, count, .. } = self.messages[slot];
        let count = self.operand(count);
        let slots = &self.plan.columns[column];
        let denominator = format!("value(s{slot})");
        if slots.len() == 1 {
            let _ = write!(text, "push(r, sink, {column}, {count}, {denominator});");
        } else if slot == slots.start {
            let _ = write!(
                text,
                "Fp c{slot} = {count}; Extension<D> d{slot} = {denominator};"
            );
        } else if slot == slots.start + 1 {
            let first = slots.start;
            let _ = write!(
                text,
                "Fraction<D> f{column} = join(c{first}, d{first}, {count}, {denominator});"
            );
        } else {
            let _ = write!(text, "f{column} = join(f{column}, {count}, {denominator});");
        }
        if slots.len() > 1 && slot + 1 == slots.end {
            let _ = write!(
                text,
                "\n    push(r, sink, {column}, f{column}.numerator, f{column}.denominator);"
            );
        }
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
