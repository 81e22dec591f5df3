
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function show(name, writer) {
  console.log(`${name} ${hex(writer.value())}`);
}

show("unsigned", new Writer().u8(0x01).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0fn));
show("signed", new Writer().i8(-1).i16(-2).i32(-3).i64(-4n));
show("wide", new Writer().u8(1).u128(0x0102030405060708090a0b0c0d0e0f10n));
show("floats", new Writer().f32(1.5).f64(-0.1));
show("flags", new Writer().bool(true).bool(false).some().u16(7).none().char("é"));
show("nothing", new Writer());
show("text", new Writer().text("vouch").text("").text("café"));
show("bytes", new Writer().bytes(new Uint8Array([1, 2, 3])));
show("octets", new Writer().count(3).u8(1).u8(2).u8(3));
show("halves", new Writer().count(3).u16(1).u16(2).u16(3));
show("array", new Writer().u8(1).u8(2).u8(3).u32(4));
show("map", new Writer().count(2).text("a").u32(1).text("bc").u32(2));
show("shapes", new Writer().variant(0).variant(1).u32(9).variant(2).u16(2).u16(3));
const orders = new Writer().count(2);
orders.text("ann").u64(150n).u16(2).bool(true).some().text("gift");
orders.text("bob").u64(1n << 40n).u16(1).bool(false).none();
show("orders", orders);
const value = new Writer().text("vouch").u16(7).value();
const raw = new TextEncoder().encode("raw");
console.log(`input ${hex(frame(value))}${hex(frame(raw))}`);
