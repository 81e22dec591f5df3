// Objects that are made before main, in a function and for the thread, and unmade after main.
#include "vouch.h"

struct Named {
    char name[4];
    explicit Named(char letter) : name{letter, '+', 0, 0} { vouch_commit(name, 2); }
    ~Named()
    {
        name[1] = '-';
        vouch_commit(name, 2);
    }
};

static Named first('a');
static Named second('b');

static Named &lazy()
{
    static Named third('c');
    return third;
}

static thread_local Named fourth('d');

int main()
{
    VOUCH_ALIGNED static const char text[] = "main";
    vouch_commit(text, 4);
    bool same = &lazy() == &lazy();
    return same && fourth.name[0] == 'd' ? 0 : 1;
}
