/*
 * script_hub.h — what all workers share of scripts; script.h tells of it.
 */
#ifndef LK_CMD_SCRIPT_HUB_H
#define LK_CMD_SCRIPT_HUB_H

#include "core/cmd/script/script_priv.h"

LK_BEGIN

struct script_hub {
    pthread_mutex_t lock;
    struct name_map scripts;
    uint32_t by_eval;               /* __atomic: of them */
    uint64_t uses;                  /* __atomic: grows as scripts take turns */
    struct script *oldest, *newest; /* of those by EVAL, in the order of listed */
    uint64_t bytes;                 /* of their sources */
    bool deprecated;                /* scripts have what lua-enable-deprecated-api gives */
    uint64_t evicted;
    struct vm *vms;
    struct vm *of_all;        /* among them; NULL: not made yet */
    struct busy_script *busy; /* those that are long, the latest first: script_busy.c */
    /* Changed in the closed gate, or by who loads data; under the lock, for reports. */
    struct name_map libraries, functions;
    uint64_t library_bytes;
    struct cjson_settings cjson;
    uint64_t cjson_version; /* __atomic: of the settings */
};

/* An interpreter is there, or goes. */
void script_hub_join(struct script_hub *h, struct vm *vm);
void script_hub_part(struct script_hub *h, struct vm *vm);

LK_END

#endif
