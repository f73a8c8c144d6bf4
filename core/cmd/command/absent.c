#include "core/cmd/command/absent.h"

bool command_is_absent(struct bytes name)
{
    static const char *const names[] = {
        "asking",       "cluster",    "failover",     "migrate",     "module",
        "monitor",      "pfselftest", "psubscribe",   "publish",     "pubsub",
        "punsubscribe", "readonly",   "readwrite",    "sentinel",    "spublish",
        "ssubscribe",   "subscribe",  "sunsubscribe", "unsubscribe",
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (bytes_is_word(name, names[i]))
            return true;
    }
    return false;
}
