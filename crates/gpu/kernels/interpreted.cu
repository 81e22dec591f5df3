// Tables whose programs are too long for a compiler: interpreted_logup_<D> and interpreted_quotient_<D>
// run a program's instructions, for whatever table, and do what the kernels do that are generated
// for the others (logup.cuh, quotient.cuh).
//
// Layout: as in constraints.cuh; an instruction is two words, which all threads read from the same
// address. Launch shape: a thread a row, blocks of 128. Bound: instructions, some ten for each operation of
// the base field; values wait in a thread's own memory, which caches hold.
#include "logup.cuh"
#include "quotient.cuh"

// Values that a thread keeps: `SLOTS` in ir/encode.rs.
#define SLOTS 200
// Columns whose denominators are inverted together.
#define BATCH 16

struct InterpretedArgs {
    TableArgs table;
    // Pairs of words: the operation and, above its 8 bits, where its result is put; then the first
    // operand, and above its 16 bits the second.
    Address program;
    uint32_t instructions;
    // LogUp columns, but for the running sum.
    uint32_t columns;
    // Of interpreted_quotient: the first power of LogUp's constraints among the numbers.
    uint32_t powers;
    uint32_t unused;
};

// In the order of `Operation` in ir/encode.rs.
enum Operation : uint32_t {
    CONSTANT_WORD,
    CURRENT,
    NEXT,
    FIXED,
    PERIODIC,
    PUBLIC,
    IS_FIRST,
    IS_LAST,
    IS_TRANSITION,
    ADD,
    SUBTRACT,
    MULTIPLY,
    NEGATE,
    CONSTRAINT,
    BEGIN,
    FIELD,
    ONLY,
    FIRST,
    SECOND,
    MORE,
    PUSH,
};

// As LogUp, whatever the number of columns: the denominators of BATCH columns are inverted together.
template <uint32_t D> struct Batches {
    // Of the columns of the batch so far.
    Extension<D> product;
    // Of the fractions of the batches before.
    Extension<D> total;
    // The batch's first column, and the columns that it has.
    uint32_t first;
    uint32_t count;
    Extension<D> denominators[BATCH];
};

template <uint32_t D> PART void complete(const Row &r, Batches<D> &batches) {
    Extension<D> below = inverse(batches.product);
    for (uint32_t i = batches.count; i-- > 0;) {
        uint32_t first = D * (batches.first + i + 1);
        Extension<D> above = gather<D>(r.a.logup, r.a.logup_stride, first, r.at);
        Extension<D> fraction = product(above, below);
        scatter<D>(r.a.logup, r.a.logup_stride, first, r.at, fraction);
        batches.total += fraction;
        below = product(below, batches.denominators[i]);
    }
    batches.product = lift<D>(one());
    batches.first += batches.count;
    batches.count = 0;
}

template <uint32_t D, typename Numerator>
DEVICE void push(const Row &r, Batches<D> &batches, uint32_t column, Numerator numerator,
                 Extension<D> denominator) {
    Extension<D> above = scaled<D>(numerator, batches.product);
    scatter<D>(r.a.logup, r.a.logup_stride, D * (column + 1), r.at, above);
    batches.denominators[batches.count++] = denominator;
    batches.product = product(batches.product, denominator);
    if (batches.count == BATCH) {
        complete(r, batches);
    }
}

template <uint32_t D, typename Sink>
DEVICE void interpret(const Row &r, const InterpretedArgs &p, Sum<D> &constraints, Sink &messages) {
    const uint32_t *program = at<const uint32_t>(p.program);
    Fp v[SLOTS];
    // Of the message that has begun, and of those of its column before.
    Sum<D> combined = {};
    Fp first_count = {};
    Extension<D> first = {};
    Fraction<D> fraction = {};
    for (uint32_t i = 0; i < p.instructions; i++) {
        uint32_t head = program[2 * i], operands = program[2 * i + 1];
        uint32_t to = head >> 8, x = operands & 0xffff, y = operands >> 16;
        switch (head & 0xff) {
        case CONSTANT_WORD: v[to] = fp(operands); break;
        case CURRENT: v[to] = current(r, x); break;
        case NEXT: v[to] = next(r, x); break;
        case FIXED: v[to] = fixed(r, x); break;
        case PERIODIC: v[to] = periodic(r, x); break;
        case PUBLIC: v[to] = public_value(r, x); break;
        case IS_FIRST: v[to] = is_first(r); break;
        case IS_LAST: v[to] = is_last(r); break;
        case IS_TRANSITION: v[to] = is_transition(r); break;
        case ADD: v[to] = v[x] + v[y]; break;
        case SUBTRACT: v[to] = v[x] - v[y]; break;
        case MULTIPLY: v[to] = v[x] * v[y]; break;
        case NEGATE: v[to] = -v[x]; break;
        // `to` is a number's place among those that are the same for all rows.
        case CONSTRAINT: add(constraints, v[x], number<D>(r, to)); break;
        case BEGIN: combined = sum(number<D>(r, to)); break;
        case FIELD: add(combined, v[x], number<D>(r, to)); break;
        // The end of a column's only message, of its first, its second, of a later one: `x` is how
        // often it is sent. `to` is the column.
        case ONLY: push(r, messages, to, v[x], value(combined)); break;
        case FIRST:
            first_count = v[x];
            first = value(combined);
            break;
        case SECOND: fraction = join(first_count, first, v[x], value(combined)); break;
        case MORE: fraction = join(fraction, v[x], value(combined)); break;
        case PUSH: push(r, messages, to, fraction.numerator, fraction.denominator); break;
        }
    }
}

template <uint32_t D> DEVICE void interpreted_logup(const InterpretedArgs &p) {
    if (line() >= p.table.points) {
        return;
    }
    Row r = row(p.table, line());
    // A program of messages has none.
    Sum<D> constraints = {};
    Batches<D> messages = {lift<D>(one()), {}, 0, 0, {}};
    interpret<D>(r, p, constraints, messages);
    complete(r, messages);
    scatter<D>(r.a.logup, r.a.logup_stride, 0, r.at, messages.total);
}

template <uint32_t D> DEVICE void interpreted_quotient(const InterpretedArgs &p) {
    if (line() >= p.table.points) {
        return;
    }
    Row r = row(p.table, line());
    Sum<D> constraints = {};
    Quotient<D> messages = {p.powers, {}, {}};
    interpret<D>(r, p, constraints, messages);
    messages.folded += value(constraints);
    finish(r, messages, p.columns);
}

KERNEL(interpreted_logup_4, InterpretedArgs) { interpreted_logup<4>(a); }
KERNEL(interpreted_logup_5, InterpretedArgs) { interpreted_logup<5>(a); }
KERNEL(interpreted_quotient_4, InterpretedArgs) { interpreted_quotient<4>(a); }
KERNEL(interpreted_quotient_5, InterpretedArgs) { interpreted_quotient<5>(a); }
