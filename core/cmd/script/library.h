/*
 * library.h — libraries of functions: what the server knows of them.
 *
 *   library: name, source, functions {name, flags, description}
 *   hub: libraries by name, and all their functions by name
 *
 * Libraries change while nobody else is in the gate, or while data is loaded; so whoever runs a
 * command finds them without a lock, and what has been changed is logged before the next cut.
 *
 * A worker runs the source in its own interpreter when it first needs a function of it.  Where
 * functions may keep something from one call to the next (library_keeps_state) that cannot be: such
 * a library runs in one interpreter for all, which the holder of the token uses.
 *
 * Threads  as said; reports take the hub's lock
 * Memory   a library lives as long as the hub or an interpreter refers to it
 */
#ifndef LK_CMD_LIBRARY_H
#define LK_CMD_LIBRARY_H

#include "core/cmd/script/script_priv.h"

LK_BEGIN

struct library_function {
    struct name_node node; /* in the hub; its name is the string below */
    struct library *library;
    char *name, *description; /* NULL: none */
    uint32_t flags;           /* enum script_flag */
    uint32_t seen;            /* __atomic: enum script_seen */
};

struct library {
    struct name_node node; /* in the hub */
    uint32_t refs;         /* __atomic */
    uint32_t gone;         /* __atomic: no longer in the hub */
    bool keeps_state;
    char *name;
    uint32_t count, capacity;
    struct library_function *functions; /* in the order in which the code registers them */
    size_t size, body_at;
    char *source;
};

struct library *library_new(struct bytes name, struct bytes source, size_t body_at);
void library_drop(struct library *l);
/* Copies what is given.  False: there is one of that name in it. */
bool library_add_function(struct library *l, struct bytes name, uint32_t flags,
                          struct bytes description);

const struct library_function *library_find_function(const struct script_hub *h, struct bytes name);
struct library *library_find(const struct script_hub *h, struct bytes name);

/*
 * Puts it into the hub, in the place of another of its name if replace.  LK_EBUSY: the error line
 * is in error, and nothing has changed.
 */
int library_publish(struct script_hub *h, struct library *l, bool replace, struct buf *error);
bool library_delete(struct script_hub *h, struct bytes name); /* false: there is none */
void library_flush(struct script_hub *h);
/* All that there are, by their names. */
void library_each(const struct script_hub *h, void (*visit)(void *ctx, const struct library *l),
                  void *ctx);

/* letters, digits and underscores, one at least */
bool library_is_name(struct bytes name);

/* --- library_load.c -------------------------------------------------------------------------- */

/*
 * Runs a source and gives the library that it describes, which is the caller's, in the interpreter
 * that all share.  NULL: the error line is in error, also if there is one of its name that it is
 * not to replace.
 */
struct library *library_load(struct script_hub *h, struct bytes source, bool replace,
                             struct buf *error);

/* --- lua_library.c --------------------------------------------------------------------------- */

/* A library whose code has run in an interpreter. */
struct vm_library {
    struct name_node node; /* in the vm; its name is the library's */
    struct library *library;
    int refs[]; /* of the functions, in the registry */
};

/*
 * Runs the body of a library; what it registers goes into the library if that is fresh, and else
 * has to be the same.  LK_EFORMAT: the error line is in error.
 */
int vm_load_library(struct vm *vm, struct library *l, struct buf *error);
/* The function, as the vm's own; loads the library if need be.  False: the error is in error. */
bool vm_push_function(struct vm *vm, const struct library_function *f, struct buf *error);
void vm_forget_libraries(struct vm *vm);
/* The globals of functions, and what is in them while a library's code runs. */
void lua_library_open(struct lua_State *lua);

/* --- lua_state.c ----------------------------------------------------------------------------- */

/* May the function on the top keep something from one call to the next? */
bool lua_keeps_state(struct lua_State *lua);

LK_END

#endif
