/*
 * cluster_service.h — this node's part in its cluster, as main sees it: bus, helper and migrator,
 * bound to the rest of the server.
 *
 *   cluster_service_new --> …_start --> …_stop --> …_free
 *
 * Outside a cluster only the migrator is there.
 *
 * Threads  main
 */
#ifndef LK_IO_CLUSTER_SERVICE_H
#define LK_IO_CLUSTER_SERVICE_H

#include "io/config/config_holder.h"
#include "io/repl/repl.h"
#include "io/repl/role.h"

LK_BEGIN

struct cluster_service;

struct cluster_service_parts {
    struct config_holder *config;
    struct engine *engine; /* its cluster part, and hooks.published, are set here */
    struct role *role;
    struct repl *repl;
    struct tls_holder *tls; /* of the bus' links, with tls-cluster */
    void *ctx;
    /* Ends the wait of a session; it may have gone. */
    void (*answer)(void *ctx, uint32_t worker, uint64_t session_id, struct bytes reply);
};

/* The workers are made and do not run yet.  NULL: it cannot be; the log says why. */
struct cluster_service *cluster_service_new(const struct cluster_service_parts *parts);
void cluster_service_start(struct cluster_service *s); /* the data are loaded */
void cluster_service_stop(struct cluster_service *s);  /* the workers run */
void cluster_service_free(struct cluster_service *s);  /* they do not any more */

LK_END

#endif
