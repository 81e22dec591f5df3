// What a C++ compiler expects of its library, over runtime.c: memory, and static variables. There are
// no exceptions and no type information: build with -fno-exceptions -fno-rtti.
#include "vouch.h"

extern "C" {
void free(void *memory);
void *vouch_new(size_t alignment, size_t size);
VOUCH_NORETURN void vouch_panic(const char *message);

// Names the program to those who register destructors. There is only one.
void *__dso_handle = nullptr;

// Thread-local objects: one thread, so they end with the static ones, the last made first.
int __cxa_atexit(void (*run)(void *), void *object, void *library);

int __cxa_thread_atexit(void (*run)(void *), void *object, void *library)
{
    return __cxa_atexit(run, object, library);
}

void __cxa_pure_virtual()
{
    vouch_panic("a pure virtual function was called");
}

// Static variables of functions: one thread, so the first byte says whether they are made.
int __cxa_guard_acquire(uint64_t *guard)
{
    return *reinterpret_cast<char *>(guard) == 0;
}

void __cxa_guard_release(uint64_t *guard)
{
    *reinterpret_cast<char *>(guard) = 1;
}
}

namespace std {
enum class align_val_t : size_t;
}

constexpr size_t PLAIN = __STDCPP_DEFAULT_NEW_ALIGNMENT__;

void *operator new(size_t size) { return vouch_new(PLAIN, size); }
void *operator new[](size_t size) { return vouch_new(PLAIN, size); }
void *operator new(size_t size, std::align_val_t alignment) { return vouch_new(size_t(alignment), size); }
void *operator new[](size_t size, std::align_val_t alignment) { return vouch_new(size_t(alignment), size); }

void operator delete(void *memory) noexcept { free(memory); }
void operator delete[](void *memory) noexcept { free(memory); }
void operator delete(void *memory, size_t) noexcept { free(memory); }
void operator delete[](void *memory, size_t) noexcept { free(memory); }
void operator delete(void *memory, std::align_val_t) noexcept { free(memory); }
void operator delete[](void *memory, std::align_val_t) noexcept { free(memory); }
void operator delete(void *memory, size_t, std::align_val_t) noexcept { free(memory); }
void operator delete[](void *memory, size_t, std::align_val_t) noexcept { free(memory); }
