/*
 * service_priv.h — the service's inside, for the files of this room.
 */
#ifndef LK_IO_SENTINEL_SERVICE_PRIV_H
#define LK_IO_SENTINEL_SERVICE_PRIV_H

#include "core/base/clock.h"
#include "core/cmd/engine/publication.h"
#include "core/peer/sentinel/sentinel.h"
#include "core/proto/resp_read.h"
#include "io/net/tls_channel.h"
#include "io/sentinel/service.h"

#include <pthread.h>

LK_BEGIN

enum {
    LINK_QUEUE = 8192,     /* requests that wait for a reply; no more are made */
    LINK_IN_MAX = 4 << 20, /* bytes of a reply that is not whole */
    EVENTS_MAX = 4096,     /* that wait for the cron; older ones go */
    RECONNECT_MS = 1000,
    CONNECT_TIMEOUT_MS = 5000,
    SCRIPTS_MAX = 256, /* that wait or run */
    SCRIPTS_RUNNING_MAX = 16,
    SCRIPT_TRIES = 10,
    SCRIPT_ARGS = 8,
    NAMES_MAX = 4096,
    USERS_EVERY = 5,         /* crons: half a second */
    NAME_REFRESH_MS = 10000, /* what a name meant is asked again */
};

enum crash_flags { CRASH_AFTER_ELECTION = 1 << 0, CRASH_AFTER_PROMOTION = 1 << 1 };

enum wire_use { WIRE_COMMANDS, WIRE_HELLOS, WIRES };
enum wire_state { WIRE_CLOSED, WIRE_CONNECTING, WIRE_UP };

enum { EXPECT_NOTHING = 255 };

/* What a reply will be for. */
struct expect {
    struct sentinel_node *node; /* SENTINEL_ASK_DOWN: NULL, it has gone */
    uint8_t what;               /* enum sentinel_request, or EXPECT_NOTHING */
};

/* One socket. */
struct wire {
    enum wire_state state;
    int fd;
    struct link *link; /* whose it is */
    bool writes;       /* it is told, too, when the socket takes more */
    int64_t since_ms, tried_ms, heard_ms;
    struct tls_channel *tls;
    struct buf in, out;
    struct resp_reader reader;
    struct expect *expects; /* a ring of expect_room, a power of two; in the order asked */
    uint32_t expect_first, expect_count, expect_room;
};

/* To a server, or to another Sentinel whose nodes share it; found by a node's owner pointer. */
struct link {
    struct link *next;
    struct sentinel_node
        *node;                /* one of them; NULL: all have gone, and the thread frees the link */
    struct master_conf *conf; /* of the server's master; not without a node, nor to a Sentinel */
    struct sentinel_addr addr;
    bool hellos; /* has the second wire: not to a Sentinel */
    struct wire wires[WIRES];
    char local[SENTINEL_HOST_MAX]; /* our own address, as this link has it */
    struct buf info;               /* the last INFO, for INFO-CACHE */
    int64_t info_ms;
};

/* How long ago a link heard something, by the clock: the last tick may be before it. */
static inline int64_t link_age_ms(int64_t at_ms)
{
    const int64_t ms = clock_unix_ms() - at_ms;
    return ms > 0 ? ms : 0;
}

/* Of a master: what the machine need not know. */
struct master_conf {
    struct master_conf *next;
    char name[SENTINEL_NAME_MAX];
    struct buf auth_user, auth_pass;
    struct buf notify, reconfigure; /* paths of scripts; empty: none */
    struct renamed *renamed;        /* commands that its servers call otherwise */
};

struct renamed {
    struct renamed *next;
    struct buf from, to;
};

/* A script that waits, or runs. */
struct script {
    struct script *next;
    char *argv[SCRIPT_ARGS + 1]; /* mem_strdup; ends with NULL */
    int pid;                     /* 0: it waits */
    int64_t begin_ms;            /* since when it runs, or when it may */
    int tries;
};

/* A name, and what it meant last. */
struct name {
    struct name *next;
    char text[SENTINEL_HOST_MAX], host[SENTINEL_HOST_MAX]; /* host "": not known */
    int64_t asked_ms;
    bool wanted; /* the resolver is to look */
};

struct event {
    struct event *next;
    struct buf name, text;
};

struct sentinel_service {
    struct sentinel_parts parts;
    pthread_mutex_t lock; /* all below, but where it says so */
    struct sentinel machine;
    struct master_conf *confs;
    struct link *links; /* added under the lock, freed by the thread */
    char announce_ip[SENTINEL_HOST_MAX];
    uint16_t announce_port;
    struct buf user, pass; /* for other Sentinels; pass empty: requirepass */
    struct buf users;      /* "user" lines for the file; empty: not known yet, or in aclfile */
    uint32_t cron_count;   /* the cron's */
    bool resolve_names, deny_scripts;
    uint32_t crash; /* enum crash_flags */
    struct script *scripts;
    uint32_t script_count, scripts_running;
    struct name *names;
    uint32_t name_count;
    pthread_t resolver;
    pthread_cond_t names_wanted;
    bool has_resolver;
    bool resolver_is_lost; /* it still waits for an answer at the end: nothing of this is freed */
    struct event *events, **events_end;
    uint32_t event_count;
    int64_t saved_ms; /* how long saving took since the last tick */
    pthread_t thread;
    uint32_t stop; /* __atomic */
    int wake_fd, epoll_fd;
    bool gone;                      /* a node has let go of its link */
    bool said;                      /* bytes wait for wires that take them */
    bool changed;                   /* an event: nodes may have come */
    struct publication publication; /* the cron's */
};

/* --- links.c --------------------------------------------------------------------------------- */

void *links_main(void *service); /* the thread */

/* --- link_ask.c ------------------------------------------------------------------------------ */

/* The machine's call. */
void links_ask(void *ctx, struct sentinel_node *to, const struct sentinel_call *call);
/* The first words on a wire that is connected; the machine knows of it then. */
void link_greet(struct sentinel_service *v, struct link *l, struct wire *w);
void link_kill_script(struct link *l);

/* --- link_hear.c ----------------------------------------------------------------------------- */

/* All replies that are whole; false: this is no server. */
bool link_take_replies(struct sentinel_service *v, struct link *l, struct wire *w, int64_t now_ms);
/* A hello, by a link or by a command. */
void links_hello(struct sentinel_service *v, struct bytes text);

/* --- link_life.c ----------------------------------------------------------------------------- */

/* The machine's call. */
void links_gone(void *ctx, struct sentinel_node *node);
/* For each node that has none; what has let go of all its nodes is freed. */
void links_make_all(struct sentinel_service *v);
void links_sweep(struct sentinel_service *v);
void links_free_all(struct sentinel_service *v);
/* How many nodes share it; it has one. */
uint32_t link_users(const struct link *l);
/* The socket is there, or the attempt has failed; an end of it. */
void link_connected(struct sentinel_service *v, struct link *l, struct wire *w, int64_t now_ms);
void link_lost(struct sentinel_service *v, struct link *l, struct wire *w);
/* Every link that is for whom is closed, and made anew with other words. */
void links_drop(struct sentinel_service *v, const struct sentinel_master *m);
void links_drop_peers(struct sentinel_service *v);

/* --- wire.c ---------------------------------------------------------------------------------- */

void wire_close(struct wire *w);
/* With epoll from now on; its events carry the wire. */
bool wire_dial(struct wire *w, int epoll_fd, const struct sentinel_addr *addr, int64_t now_ms);
/* A command of words, whose reply is for what.  Nothing is said on a wire that is not up. */
void wire_say(struct wire *w, struct expect what, const struct bytes *words, size_t n);
/* What the next reply is for; there is one to come. */
struct expect wire_expected(struct wire *w);
/* The node goes, and replies that are for it are for nobody. */
void wire_forget(struct wire *w, const struct sentinel_node *node);
/* All that the socket has, and all that it takes; false: the wire is at its end. */
bool wire_receive(struct wire *w);
bool wire_flush(struct wire *w, int epoll_fd);

/* --- conf.c ---------------------------------------------------------------------------------- */

struct master_conf *conf_of(struct sentinel_service *v, const char *name); /* made if missing */
void conf_remove(struct sentinel_service *v, const char *name);
/* What the master's servers call the command. */
struct bytes conf_renamed(const struct master_conf *c, struct bytes command);

/* One word of a line of the file: as it is, or in quotes. */
void conf_print_word(struct bytes text, struct buf *out);
/* "sentinel KIND MASTER ", as lines of a master begin. */
void conf_print_head(const char *kind, const char *master, struct buf *out);

/* --- options.c ------------------------------------------------------------------------------- */

/*
 * "OPTION value [value]" of a master: how many words it took, or 0, and why says what is wrong;
 * NULL there: no such option, or too few values.  by_client: SENTINEL SET, not the file.
 */
size_t option_set(struct sentinel_service *v, struct sentinel_master *m, const struct bytes *words,
                  size_t n, bool by_client, const char **why);
/* The value is a secret: it is neither told nor logged. */
bool option_is_secret(struct bytes option);
/* The file's words for it, and the lines of it that are not as by default, one a call of each. */
const char *option_name(size_t i); /* NULL: there are no more */
void option_print(struct sentinel_service *v, const struct sentinel_master *m, size_t i,
                  struct buf *out);

/* --- settings.c ------------------------------------------------------------------------------ */

enum setting_rc { SETTING_OK, SETTING_UNKNOWN, SETTING_BAD };

/* "resolve-hostnames yes" and what else concerns no master. */
enum setting_rc setting_set(struct sentinel_service *v, struct bytes name, struct bytes value,
                            bool by_client);
/* The value would do; nothing is changed. */
enum setting_rc setting_check(struct bytes name, struct bytes value, bool by_client);
bool setting_is_told(size_t i);     /* to clients */
const char *setting_name(size_t i); /* NULL: there are no more */
void setting_value(const struct sentinel_service *v, size_t i, struct buf *out);
/* The line of the file; none: it is as by default. */
void setting_print(const struct sentinel_service *v, size_t i, struct buf *out);

/* --- names.c --------------------------------------------------------------------------------- */

/* The machine's call. */
bool names_resolve(void *service, struct sentinel_addr *addr);
/* The same of what is known, without a look-up: who asks may be anybody. */
bool names_known(struct sentinel_service *v, struct sentinel_addr *addr);
/* Waits for the answer, without the service's lock. */
bool names_resolve_now(struct sentinel_service *v, struct bytes name);
/* What it means is asked again soon. */
void names_refresh(struct sentinel_service *v, const char *name, int64_t now_ms);
void names_stop(struct sentinel_service *v); /* without the lock */
void names_free(struct sentinel_service *v);

/* --- scripts.c ------------------------------------------------------------------------------- */

bool script_is_runnable(struct bytes path);
/* words end with NULL. */
void scripts_add(struct sentinel_service *v, const char *const *words);
/* By the thread: begins what is due, ends what takes too long, and sees what has ended. */
void scripts_drive(struct sentinel_service *v, int64_t now_ms);
void scripts_free(struct sentinel_service *v);

/* --- users.c --------------------------------------------------------------------------------- */

/* By worker 0's cron, inside the gate. */
void users_follow(struct sentinel_service *v);

/* --- file.c ---------------------------------------------------------------------------------- */

/* All lines of the start, those of masters behind those that make them.  NULL, or why not. */
const char *file_read_lines(struct sentinel_service *v, const struct config_directive *lines,
                            const struct config_directive **bad);
bool file_save(void *service);
/* Watches a master from now on: NULL, or why not. */
const char *file_monitor(struct sentinel_service *v, struct bytes name, struct bytes host,
                         struct bytes port, struct bytes quorum);

/* --- service.c ------------------------------------------------------------------------------- */

/* The machine's calls. */
void service_tell(void *ctx, const struct sentinel_master *m, const char *event, const char *text);
void service_moved(void *ctx, const struct sentinel_master *m, bool leader,
                   const struct sentinel_addr *from, const struct sentinel_addr *to);
/* "+monitor", "-monitor", "+set" of a master, by a client. */
void service_tell_master(struct sentinel_service *v, const struct sentinel_master *m,
                         const char *event, const char *more);

LK_END

#endif
