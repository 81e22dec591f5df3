fn main() {
    vouch_build::embed("guest");
}
