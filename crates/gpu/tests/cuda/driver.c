// In the place of NVIDIA's driver: a device in the host's memory, as lazy as a device may be. What
// is started is done only when it is waited for, so that whoever reuses memory too early, or reads
// it, is found out. Calls from a thread without the context fail.
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    NO_DEVICE = 100,
    INVALID_CONTEXT = 201,
    NO_BINARY_FOR_GPU = 209,
    ILLEGAL_ADDRESS = 700,
};

static int version, count, architecture, failed;
static uint64_t free_bytes;
// Modules that were loaded, and the oldest architecture that one was compiled for.
static int modules, oldest;
// Objects that were made and not given back.
static int live;
static __thread void *current;
static int context;

enum { COPY, FILL, FAIL };

struct Operation {
    int kind;
    void *to;
    const void *from;
    uint64_t bytes;
    uint32_t value;
};

#define LIMIT (1 << 16)
static struct Operation operations[LIMIT];
// Operations that were started, and those that are done.
static int started, done;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// What the tests call.
void fake_set(int version_, int count_, int architecture_, uint64_t free_) {
    version = version_, count = count_, architecture = architecture_, free_bytes = free_;
    failed = SUCCESS, started = done = modules = 0, oldest = 1000;
}
int fake_modules(void) { return modules; }
int fake_oldest(void) { return oldest; }
int fake_live(void) { return live; }

static int start(struct Operation operation) {
    if (current != &context) {
        return INVALID_CONTEXT;
    }
    pthread_mutex_lock(&lock);
    int error = started == LIMIT ? OUT_OF_MEMORY : failed;
    if (error == SUCCESS) {
        operations[started++] = operation;
    }
    pthread_mutex_unlock(&lock);
    return error;
}

static int finish(int last) {
    if (current != &context) {
        return INVALID_CONTEXT;
    }
    pthread_mutex_lock(&lock);
    for (; done < last; done++) {
        struct Operation o = operations[done];
        if (o.kind == COPY) {
            memcpy(o.to, o.from, o.bytes);
        } else if (o.kind == FILL) {
            for (uint64_t i = 0; i < o.bytes / 4; i++) {
                ((uint32_t *)o.to)[i] = o.value;
            }
        } else {
            failed = ILLEGAL_ADDRESS;
        }
    }
    int error = failed;
    pthread_mutex_unlock(&lock);
    return error;
}

static int make(void **object, uint64_t bytes) {
    if (current != &context) {
        return INVALID_CONTEXT;
    }
    *object = malloc(bytes);
    __atomic_add_fetch(&live, 1, __ATOMIC_SEQ_CST);
    return *object == NULL ? OUT_OF_MEMORY : SUCCESS;
}

static int give_back(void *object) {
    if (current != &context) {
        return INVALID_CONTEXT;
    }
    free(object);
    __atomic_sub_fetch(&live, 1, __ATOMIC_SEQ_CST);
    return SUCCESS;
}

int cuGetErrorString(int error, const char **text) {
    *text = error == ILLEGAL_ADDRESS ? "an illegal memory access was encountered" : "some error";
    return SUCCESS;
}
int cuDriverGetVersion(int *version_) { return *version_ = version, SUCCESS; }
int cuInit(unsigned flags) { return count == 0 ? NO_DEVICE : (int)flags; }
int cuDeviceGetCount(int *count_) { return *count_ = count, SUCCESS; }
int cuDeviceGet(int *device, int ordinal) { return *device = ordinal, SUCCESS; }
int cuDeviceGetName(char *name, int length, int device) {
    strncpy(name, device == 0 ? "Fake" : "Fake too", length);
    return SUCCESS;
}
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    *value = attribute == 75 ? architecture / 10 : architecture % 10;
    return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **context_, int device) {
    (void)device;
    *context_ = &context;
    live++;
    return SUCCESS;
}
int cuDevicePrimaryCtxRelease_v2(int device) {
    (void)device;
    live--;
    return SUCCESS;
}
int cuCtxSetCurrent(void *context_) { return current = context_, SUCCESS; }

// A device runs what was compiled for its generation and is not newer.
int cuModuleLoadData(void **module, const void *image) {
    if ((uintptr_t)image % 16 != 0 || memcmp(image, "\x7f" "ELF", 4) != 0) {
        return INVALID_VALUE;
    }
    // The second byte of e_flags.
    int compiled = ((const uint8_t *)image)[49];
    if (compiled / 10 != architecture / 10 || compiled > architecture) {
        return NO_BINARY_FOR_GPU;
    }
    modules++, oldest = compiled < oldest ? compiled : oldest;
    return make(module, 1);
}
int cuModuleUnload(void *module) { return give_back(module); }
static const char *names[] = {"fake_fill", "fake_fail"};
int cuModuleGetFunctionCount(unsigned *count_, void *module) {
    (void)module;
    return *count_ = 2, SUCCESS;
}
int cuModuleEnumerateFunctions(void **functions, unsigned count_, void *module) {
    (void)module;
    for (unsigned i = 0; i < count_; i++) {
        functions[i] = &names[i];
    }
    return SUCCESS;
}
int cuFuncLoad(void *function) { return function == NULL ? INVALID_VALUE : SUCCESS; }
int cuFuncGetName(const char **name, void *function) {
    return *name = *(const char **)function, SUCCESS;
}
int cuFuncGetParamInfo(void *function, size_t index, size_t *offset, size_t *size) {
    (void)function;
    *offset = 0, *size = 16;
    return index == 0 ? SUCCESS : INVALID_VALUE;
}

// Arguments of both kernels.
struct FakeArgs {
    uint64_t to;
    uint32_t words, value;
};
int cuLaunchKernel(void *function, unsigned blocks_x, unsigned blocks_y, unsigned blocks_z,
                   unsigned threads_x, unsigned threads_y, unsigned threads_z, unsigned shared,
                   void *stream, void **parameters, void **extra) {
    (void)stream;
    uint64_t threads = (uint64_t)blocks_x * blocks_y * blocks_z * threads_x * threads_y * threads_z;
    struct FakeArgs a;
    memcpy(&a, parameters[0], sizeof a);
    if (threads < a.words || threads_x * threads_y > 1024 || shared != 0 || extra != NULL) {
        return INVALID_VALUE;
    }
    int kind = function == &names[0] ? FILL : FAIL;
    struct Operation fill = {kind, (void *)a.to, NULL, 4 * (uint64_t)a.words, a.value};
    return start(fill);
}

int cuStreamCreate(void **stream, unsigned flags) {
    (void)flags;
    return make(stream, 1);
}
int cuStreamSynchronize(void *stream) {
    (void)stream;
    return finish(started);
}
int cuStreamDestroy_v2(void *stream) { return give_back(stream); }

// An event is the number of operations before it.
int cuEventCreate(void **event, unsigned flags) {
    (void)flags;
    int error = make(event, sizeof(int));
    if (error == SUCCESS) {
        *(int *)*event = 0;
    }
    return error;
}
int cuEventRecord(void *event, void *stream) {
    (void)stream;
    *(int *)event = started;
    return SUCCESS;
}
int cuEventSynchronize(void *event) { return finish(*(int *)event); }
int cuEventDestroy_v2(void *event) { return give_back(event); }

int cuMemGetInfo_v2(size_t *free_, size_t *total) {
    *free_ = free_bytes, *total = free_bytes + 1;
    return SUCCESS;
}
int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
    return bytes > free_bytes ? OUT_OF_MEMORY : make((void **)address, bytes);
}
int cuMemFree_v2(uint64_t address) { return give_back((void *)address); }
int cuMemHostAlloc(void **memory, size_t bytes, unsigned flags) {
    (void)flags;
    return make(memory, bytes);
}
int cuMemFreeHost(void *memory) { return give_back(memory); }

static int copy(void *to, const void *from, size_t bytes) {
    struct Operation copy = {COPY, to, from, bytes, 0};
    return start(copy);
}
int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
    (void)stream;
    return copy((void *)to, from, bytes);
}
int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
    (void)stream;
    return copy(to, (void *)from, bytes);
}
int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
    (void)stream;
    return copy((void *)to, (void *)from, bytes);
}
