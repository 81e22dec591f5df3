/* In a section that nobody runs: does not link. */
static void f(void) {}
__attribute__((section(".ctors"), used)) static void (*const constructor)(void) = f;

int main(void) { return 0; }
