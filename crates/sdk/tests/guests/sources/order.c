/* Everything that runs before and after main commits a letter: "pabcM" and then "Hzyx". */
#include "vouch.h"

int atexit(void (*run)(void));

static void say(const char *letter) { vouch_commit(letter, 1); }
static void handler(void) { say("H"); }
static void first(void) { say("p"); }

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = first;

__attribute__((constructor)) static void c(void) { say("c"); }
__attribute__((constructor(300))) static void b(void) { say("b"); }
__attribute__((constructor(200))) static void a(void) { say("a"); }

__attribute__((destructor)) static void z(void) { say("z"); }
__attribute__((destructor(300))) static void y(void) { say("y"); }
__attribute__((destructor(200))) static void x(void) { say("x"); }

int main(void)
{
    say("M");
    return atexit(handler) + 7;
}
