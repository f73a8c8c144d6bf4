/*
 * service_priv.h — the service's inside, for the files of this room.
 */
#ifndef LK_IO_SENTINEL_SERVICE_PRIV_H
#define LK_IO_SENTINEL_SERVICE_PRIV_H

#include "core/cmd/engine/publication.h"
#include "core/peer/sentinel/sentinel.h"
#include "core/proto/resp_read.h"
#include "io/net/tls_channel.h"
#include "io/sentinel/service.h"

#include <pthread.h>

LK_BEGIN

enum {
    LINK_QUEUE = 128,      /* requests that wait for a reply */
    LINK_IN_MAX = 4 << 20, /* bytes of a reply that is not whole */
    EVENTS_MAX = 4096,     /* that wait for the cron; older ones go */
    RECONNECT_MS = 1000,
    CONNECT_TIMEOUT_MS = 5000,
};

enum wire_use { WIRE_COMMANDS, WIRE_HELLOS, WIRES };
enum wire_state { WIRE_CLOSED, WIRE_CONNECTING, WIRE_UP };

/* One socket. */
struct wire {
    enum wire_state state;
    int fd;
    int64_t since_ms, tried_ms, heard_ms;
    struct tls_channel *tls;
    struct buf in, out;
    struct resp_reader reader;
    uint8_t expects[LINK_QUEUE]; /* enum sentinel_request, or EXPECT_NOTHING */
    uint32_t expect_first, expect_count;
};

enum { EXPECT_NOTHING = 255 };

/* To one node; found by the node's owner pointer. */
struct link {
    struct link *next;
    struct sentinel_node *node; /* NULL: it has gone, and the thread frees the link */
    struct sentinel_addr addr;
    bool hellos; /* has the second wire: not to a Sentinel */
    struct wire wires[WIRES];
    char local[SENTINEL_HOST_MAX]; /* our own address, as this link has it */
    struct buf info;               /* the last INFO, for INFO-CACHE */
    int64_t info_ms;
};

/* Of a master: what the machine need not know. */
struct master_conf {
    struct master_conf *next;
    char name[SENTINEL_NAME_MAX];
    struct buf auth_user, auth_pass;
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
    struct event *events, **events_end;
    uint32_t event_count;
    int64_t saved_ms; /* how long saving took since the last tick */
    pthread_t thread;
    uint32_t stop; /* __atomic */
    int wake_fd;
    struct publication publication; /* the cron's */
};

/* --- links.c --------------------------------------------------------------------------------- */

/* The machine's calls. */
void links_ask(void *ctx, struct sentinel_node *to, const struct sentinel_call *call);
void links_gone(void *ctx, struct sentinel_node *node);
void *links_main(void *service); /* the thread */
void links_free_all(struct sentinel_service *v);
/* A hello, by a link or by a command. */
void links_hello(struct sentinel_service *v, struct bytes text);

/* --- file.c ---------------------------------------------------------------------------------- */

struct master_conf *conf_of(struct sentinel_service *v, const char *name); /* made if missing */
void conf_remove(struct sentinel_service *v, const char *name);
/* NULL, or why the line is wrong. */
const char *file_read_line(struct sentinel_service *v, const struct bytes *argv, size_t argc);
/* The second half of "sentinel OPTION master value". */
const char *file_set_option(struct sentinel_service *v, struct sentinel_master *m,
                            struct bytes option, struct bytes value);
bool file_save(void *service);
/* Watches a master from now on: NULL, or why not. */
const char *file_monitor(struct sentinel_service *v, struct bytes name, struct bytes host,
                         struct bytes port, struct bytes quorum);

/* --- service.c ------------------------------------------------------------------------------- */

void service_tell(void *ctx, const char *event, const char *text);

LK_END

#endif
