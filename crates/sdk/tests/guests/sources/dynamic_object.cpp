// A list of objects with virtual functions, made and unmade; the input, a word, says how many bytes
// to ask for in the end.
#include "vouch.h"

struct Shape {
    Shape *next;
    explicit Shape(Shape *next) : next(next) {}
    virtual uint32_t area() const = 0;
    virtual ~Shape() {}
};

static uint32_t unmade;

struct Square final : Shape {
    uint32_t side;
    Square(Shape *next, uint32_t side) : Shape(next), side(side) {}
    uint32_t area() const override { return side * side; }
    ~Square() override { unmade++; }
};

struct alignas(64) Wide final : Shape {
    uint32_t words[16] = {};
    explicit Wide(Shape *next) : Shape(next) {}
    uint32_t area() const override { return reinterpret_cast<uint32_t>(this) % 64; }
    ~Wide() override { unmade++; }
};

int main()
{
    Shape *shapes = nullptr;
    for (uint32_t side = 1; side <= 10; side++)
        shapes = new Square(shapes, side);
    shapes = new Wide(shapes);
    uint32_t results[2] = {};
    while (shapes != nullptr) {
        Shape *next = shapes->next;
        results[0] += shapes->area();
        delete shapes;
        shapes = next;
    }
    results[1] = unmade;
    uint32_t more = 0;
    vouch_read(&more, sizeof more);
    uint32_t *array = new uint32_t[more / 4];
    // Or the compiler leaves both out.
    __asm__ volatile("" ::"r"(array) : "memory");
    delete[] array;
    vouch_commit(results, sizeof results);
    return 0;
}
