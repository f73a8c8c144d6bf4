/*
 * script_priv.h — the inside of core/cmd/script, for its files and their tests.
 */
#ifndef LK_CMD_SCRIPT_PRIV_H
#define LK_CMD_SCRIPT_PRIV_H

#include "core/base/atomic.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/sha1.h"
#include "core/cmd/script/script.h"
#include "core/ds/name_map.h"

#include <pthread.h>

LK_BEGIN

struct lua_State;

/* --- sources (script_cache.c) ---------------------------------------------------------------- */

enum { SCRIPT_NAME = 2 * SHA1_BYTES, SCRIPT_EVAL_MAX = 500 };

/* What a script says of itself in its first line: "#!lua flags=no-writes". */
enum script_flag {
    SCRIPT_NO_WRITES = 1 << 0,
    SCRIPT_ALLOW_OOM = 1 << 1,
    SCRIPT_ALLOW_STALE = 1 << 2,
    SCRIPT_NO_CLUSTER = 1 << 3,
    SCRIPT_CROSS_SLOT = 1 << 4,
    SCRIPT_SHEBANG = 1 << 5, /* there is such a line: the flags are all that it may do */
};

struct script {
    struct name_node node; /* in the hub; its name is the sha below */
    uint32_t refs;         /* __atomic */
    uint32_t gone;         /* __atomic: no longer in the hub */
    uint32_t seen;         /* __atomic: enum script_seen */
    bool by_eval;          /* __atomic: it came by EVAL, and may go for others */
    uint32_t flags;        /* enum script_flag */
    uint64_t used;         /* __atomic: the hub's uses when it ran last */
    uint64_t listed;       /* and that by which it has its place among those of EVAL: */
    struct script *older, *newer;
    char sha[SCRIPT_NAME + 1];
    size_t size;    /* of the source */
    size_t body_at; /* where it begins for the compiler: behind the shebang's words */
    char source[];
};

/*
 * What is known of the shards that runs have touched: how many runs have been looked at, and the
 * widest reach among all of them.
 */
enum script_seen {
    SEEN_ENOUGH = 64,         /* so many: it is taken for one that does what it did, */
    SEEN_ENOUGH_EARLY = 1024, /* if it has kept to the keys that it names; if not, so many */
    SEEN_EARLY = 1 << 16,     /* one was REACH_EARLY, */
    SEEN_ANY = 1 << 17,       /* and one REACH_ANY */
    SEEN_RUNS = SEEN_EARLY - 1,
};

void script_sha(struct bytes source, char out[SCRIPT_NAME + 1]);

/*
 * The source under its name, with a reference of its own; NULL if it is not there.  name is of
 * SCRIPT_NAME bytes, in any case.
 */
struct script *script_hub_find(struct script_hub *h, struct bytes name);
/*
 * Adds it, or finds that it is there already; with a reference.  keep: until SCRIPT FLUSH.  The
 * flags are those of its first line.
 */
struct script *script_hub_add(struct script_hub *h, struct bytes source, uint32_t flags,
                              size_t body_at, bool keep);
void script_hub_flush(struct script_hub *h);
/* It runs.  Any thread; writes nothing while a few scripts take turns. */
void script_hub_use(struct script_hub *h, struct script *s);
static inline struct script *script_keep(struct script *s)
{
    fetch_add_relaxed(&s->refs, 1);
    return s;
}
void script_drop(struct script *s);

/* --- script_shebang.c ------------------------------------------------------------------------ */

struct shebang {
    uint32_t flags; /* enum script_flag; 0 without a shebang */
    size_t body_at; /* its line end: lines are counted from the first on */
};
/* LK_ESYNTAX: the error line is in error. */
int shebang_parse(struct bytes source, struct shebang *out, struct buf *error);
uint32_t script_flag_find(struct bytes name); /* 0: none has this name */
const char *script_flag_name(uint32_t flag);  /* NULL: it has none */

/* --- the interpreter of a worker (lua_vm.c) -------------------------------------------------- */

/* A compiled source. */
struct vm_script {
    struct name_node by_name, by_source;
    struct script *script;
    int ref; /* of the function, in the registry */
};

/* What "cjson" goes by; enum-like ones: 0 off, 1 on, 2 null. */
struct cjson_settings {
    int sparse_convert, sparse_ratio, sparse_safe;
    int encode_depth, decode_depth;
    int precision; /* digits of a number */
    int keep_buffer;
    int encode_invalid, decode_invalid; /* nan, inf; hex */
};

/* The running script. */
struct script_run {
    struct exec *x; /* NULL: none runs */
    struct session *stand_in;
    const struct args *words; /* of its command */
    const char *name;         /* as errors and the log have it */
    bool function;            /* of a library */
    uint32_t flags;           /* enum script_flag */
    bool read_only;           /* by its row or its flags */
    bool may_use_oom;         /* it has written before memory was short, or says that it may */
    bool strayed;             /* unwinds: it needs the token */
    bool ended;               /* unwinds: it was killed, or the server ends */
    bool wrote;               /* a command of it was one that writes */
    uint32_t calls;           /* so far */
    uint64_t passed;          /* its age when others were seen to last, in ticks */
    struct busy_script *busy; /* NULL: it is not long yet */
    bool loading;             /* the code of a library: it may not call anything */
    int resp;                 /* version of what commands say to it */
    unsigned to;              /* enum script_to: who is told of its changes */
};
enum script_to { TO_LOG = 1, TO_REPLICAS = 2, TO_ALL = 3 };

struct vm {
    struct lua_State *lua;
    struct script_hub *hub;
    struct vm *next;                  /* in the hub */
    uint64_t bytes;                   /* __atomic: held by the interpreter */
    void (*look_soon)(struct vm *vm); /* the allocator asks; NULL: nobody looks */
    uint64_t taken;                   /* since it has asked: VM_LOOK_BYTES */
    uint64_t collect_at; /* so many bytes behind a run: all that nobody needs goes at once */
    uint64_t bytes_max;
    bool limited; /* by that: while an error can be raised */
    struct name_map by_name, by_source;
    struct vm_script *latest; /* that a name has found; or NULL */
    uint32_t prune_at;        /* as many compiled ones: look for those that are gone */
    struct script_run run;
    struct name_map libraries;   /* whose code has run here */
    struct library_run *loading; /* the library whose code runs now, or NULL */
    uint32_t runs;               /* so far */
    uint64_t random;             /* of math.random: 48 bits */
    struct buf words;            /* numbers of a call, as text */
    struct bytes *argv;
    uint32_t argv_room;
    struct buf joined;  /* a reply that came in pieces */
    struct buf scratch; /* of the libraries */
    struct cjson_settings cjson;
    uint64_t cjson_version; /* of the hub's that it is a copy of */
};

enum { VM_LOOK_BYTES = 64 * 1024 * 1024, VM_SPARE_BYTES = 16 * 1024 * 1024 };

struct vm *vm_begin(struct script_hub *hub);
void vm_end(struct vm *vm);
/* --- lua_open.c ------------------------------------------------------------------------------ */

struct vm *vm_of(struct dispatcher *d, struct script_hub *hub); /* makes it if there is none */
void vm_free(void *vm);

/* The one that all share: for whoever holds the token, or is alone in the gate. */
struct vm *vm_of_all(struct script_hub *hub);

/* --- lua_sources.c --------------------------------------------------------------------------- */

/* The compiled source, or NULL; the source's state is looked at.  Names are in small letters. */
struct vm_script *vm_find_name(struct vm *vm, struct bytes name);
/* Likewise, and forgets nothing: also while it runs one. */
const struct script *vm_peek_name(const struct vm *vm, struct bytes name);
struct vm_script *vm_find_source(struct vm *vm, struct bytes source);
/* Compiles; takes the reference.  NULL: the error line is in error. */
struct vm_script *vm_compile(struct vm *vm, struct script *s, struct buf *error);

/* Is it Lua?  If not, the error line is in error. */
bool vm_can_compile(struct vm *vm, struct bytes body, struct buf *error);

void vm_forget_all(struct vm *vm);

/* --- lua_vm.c: errors and calls -------------------------------------------------------------- */

/* Pushes the function of a chunk, or the error's text; 0, or Lua's status. */
int vm_load(struct lua_State *lua, struct bytes text, const char *name);

/* Registry: lua_rawgeti(lua, LUA_REGISTRYINDEX, …) */
enum vm_ref {
    VM_GLOBALS = 1,      /* the table behind _G */
    VM_HANDLER,          /* of errors */
    VM_PROTECTED,        /* proxy -> what it stands for */
    VM_FUNCTION_GLOBALS, /* _G of functions, */
    VM_FUNCTION_REAL,    /* the table behind it, */
    VM_LOADING_REAL,     /* and the one while a library loads */
    VM_REFS,
};

/*
 * Calls the function on the stack's top with the arguments above it (n), under the handler of
 * errors; one value is left.  Lua's status.
 */
int vm_call(struct vm *vm, int n);
struct vm *vm_from(struct lua_State *lua);
struct buf *vm_scratch(struct lua_State *lua); /* empty; until it is asked for again */

/* Raises again what no pcall may hide; no return if it is so. */
void vm_go_on_unwinding(struct lua_State *lua);

/* --- scripts that are long (lua_busy.c) ------------------------------------------------------ */

/* From now on the interpreter looks at the clock every now and then: vm_look. */
void vm_watch(struct lua_State *lua);
/*
 * Between two steps of the running script: is it long, do others want its worker, was it killed?
 * The last is for vm_go_on_unwinding to see.
 */
void vm_look(struct vm *vm);
/* A command that writes is about to run; likewise if the script has been killed. */
void vm_note_write(struct vm *vm);

/* --- tables that cannot be written (lua_protect.c) ------------------------------------------- */

/* Replaces the table on the top by a proxy that can only be read. */
void protect_table(struct lua_State *lua);
/* Protected, or not: pushes what stands behind the value at index, or pushes nothing: false. */
bool protect_push_real(struct lua_State *lua, int index);
/* next, pairs, rawget … that know proxies; into the table on the top. */
void protect_add_functions(struct lua_State *lua);

/* --- what is added to the language ----------------------------------------------------------- */

/*
 * lua_base.c: open leaves the table of globals on the stack, to be filled; close finds it below the
 * table "redis", and from then on neither can be written.
 */
void lua_base_open(struct lua_State *lua);
void lua_base_close(struct lua_State *lua);
void lua_redis_push(struct lua_State *lua); /* lua_redis.c: pushes the table "redis" */
/* Each pushes its table. */
void lua_bit_push(struct lua_State *lua);
void lua_struct_push(struct lua_State *lua);
void lua_cmsgpack_push(struct lua_State *lua);
void lua_cjson_push(struct lua_State *lua);
extern const struct cjson_settings cjson_default; /* lua_cjson_settings.c */
/* Those of all scripts, as they are now; and their change. */
const struct cjson_settings *cjson_shared(struct vm *vm);
void cjson_share(struct vm *vm, const struct cjson_settings *c);
int lua_redis_call(struct lua_State *lua); /* lua_call.c */
int lua_redis_pcall(struct lua_State *lua);
int lua_redis_acl_check_cmd(struct lua_State *lua);
void vm_seed_random(struct vm *vm, int32_t seed); /* lua_base.c */

/* --- conversions (lua_reply.c) --------------------------------------------------------------- */

/* Pushes the value of a reply.  More levels than the interpreter takes raise an error. */
void lua_push_reply(struct lua_State *lua, struct reply *r, struct buf *joined);
/* Writes the value on the top, and removes it. */
void lua_write_reply(struct lua_State *lua, struct reply *r, int resp);
/* Pushes {err = …}: "-CODE text" has its code, any other text gets ERR. */
void lua_push_error(struct lua_State *lua, struct bytes text);
int lua_raise(struct lua_State *lua, const char *text); /* an error {err = text} */

/* Answers the running command with the error that a call has left on the top; removes it. */
void script_reply_error(struct exec *x, struct lua_State *lua, const char *name);

/* script_run.c */
struct script_hub *exec_script_hub(const struct exec *x);
/* cmd_eval.c: see script_calls.reach */
enum script_reach eval_reach(struct vm *vm, const struct command_info *c, const struct args *a);
/*
 * enum script_flag of what the call names; 0: unknown, or it says nothing of itself.  vm may be
 * NULL, or be running something.
 */
uint32_t eval_flags(const struct vm *vm, struct script_hub *h, const struct command_info *c,
                    const struct args *a);
/* cmd_script.c: into the hub, with a reference.  NULL: the error line is in error. */
struct script *script_make(struct vm *vm, struct bytes source, bool keep, struct buf *error);

/* cmd_fcall.c: likewise */
enum script_reach fcall_reach(const struct script_hub *h, const struct args *a);
uint32_t fcall_flags(const struct script_hub *h, const struct args *a);
/* script_run.c: what the running command has touched joins what is known of it; and that. */
void script_note_seen(const struct exec *x, uint32_t *seen);
enum script_reach script_seen_reach(const uint32_t *seen);

/* script_run.c: runs the function on the top as a script of the command x; keys from a->v[3]. */
enum outcome script_run_function(struct exec *x, struct vm *vm, const struct args *a, uint32_t keys,
                                 uint32_t flags, const char *name, bool function);

LK_END

#endif
