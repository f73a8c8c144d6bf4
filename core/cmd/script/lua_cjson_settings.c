/*
 * lua_cjson_settings.c — what "cjson" goes by, for all scripts of all workers.
 */
#include "core/base/atomic.h"
#include "core/cmd/script/script_hub.h"

const struct cjson_settings cjson_default = {.sparse_ratio = 2,
                                             .sparse_safe = 10,
                                             .encode_depth = 1000,
                                             .decode_depth = 1000,
                                             .precision = 14,
                                             .keep_buffer = 1,
                                             .decode_invalid = 1};

const struct cjson_settings *cjson_shared(struct vm *vm)
{
    struct script_hub *h = vm->hub;
    if (LK_UNLIKELY(load_relaxed(&h->cjson_version) != vm->cjson_version)) {
        pthread_mutex_lock(&h->lock);
        vm->cjson = h->cjson;
        vm->cjson_version = h->cjson_version;
        pthread_mutex_unlock(&h->lock);
    }
    return &vm->cjson;
}

void cjson_share(struct vm *vm, const struct cjson_settings *c)
{
    struct script_hub *h = vm->hub;
    if (memcmp(cjson_shared(vm), c, sizeof *c) == 0)
        return;
    pthread_mutex_lock(&h->lock);
    h->cjson = vm->cjson = *c;
    vm->cjson_version = h->cjson_version + 1;
    store_relaxed(&h->cjson_version, vm->cjson_version);
    pthread_mutex_unlock(&h->lock);
}
