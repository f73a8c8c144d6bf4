#include "tests/support/cluster_world.h"

#include "core/base/trace.h"

#include <algorithm>
#include <cstring>

namespace
{

constexpr int64_t kUnixAhead = 1700000000000;
constexpr uint16_t kPort = 7000;

std::string id_of(const cluster_node *n)
{
    return std::string(n->id, NODE_ID_CHARS);
}

} // namespace

ClusterWorld::ClusterWorld(uint64_t seed, uint32_t nodes, int64_t timeout_ms)
    : rng_(seed), timeout_(timeout_ms), cuts_(nodes, std::vector<bool>(nodes, false))
{
    trace_set_level(TRACE_NOTHING);
    for (uint32_t i = 0; i < nodes; i++) {
        nodes_.push_back(std::make_unique<Node>());
        nodes_[i]->world = this;
        nodes_[i]->index = i;
        make(nodes_[i].get());
    }
}

ClusterWorld::~ClusterWorld()
{
    for (auto &n : nodes_)
        if (n->c)
            unmake(n.get());
}

cluster_options ClusterWorld::options(const Node &n) const
{
    cluster_options o = {};
    o.node_timeout_ms = timeout_;
    o.full_coverage = true;
    o.replica_migration = true;
    o.validity_factor = 0;
    o.migration_barrier = 1;
    o.repl_ping_period_ms = 10000;
    o.blacklist_ttl_s = 60;
    o.manual_failover_ms = 5000;
    std::snprintf(o.ip, sizeof o.ip, "10.0.0.%u", n.index + 1);
    o.port = kPort;
    o.bus_port = kPort + 10000;
    return o;
}

void ClusterWorld::make(Node *n)
{
    cluster_ops ops = {};
    ops.ctx = n;
    ops.connect = connect;
    ops.offset = [](void *ctx) { return static_cast<Node *>(ctx)->offset; };
    ops.data_age_ms = [](void *) { return int64_t{0}; };
    ops.keys_in_slot = [](void *, uint32_t) { return uint64_t{0}; };
    ops.pause = [](void *ctx, int64_t until) { static_cast<Node *>(ctx)->paused_until = until; };
    ops.paused = [](void *) { return true; };
    ops.publish = [](void *, bool, bytes, bytes) {};
    const cluster_options o = options(*n);
    n->c = cluster_new(&o, &ops, rng_(), now_, now_ + kUnixAhead);
    if (!n->file.empty()) {
        uint32_t line;
        if (!cluster_load_text(n->c, bytes_of(n->file.data(), n->file.size()), &line))
            breaks("a node cannot read the file that it wrote, line " + std::to_string(line));
    }
    n->was_master = cluster_is_master(n->c->self);
    n->next_tick = now_ + static_cast<int64_t>(rng_() % 100);
}

void ClusterWorld::unmake(Node *n)
{
    for (auto &w : wires_) {
        if (w->from == n && w->out)
            close_end(w, true);
        if (w->to == n && w->in)
            close_end(w, false);
    }
    while (n->c->links)
        cluster_link_free(n->c, n->c->links);
    cluster_free(n->c);
    n->c = nullptr;
}

void ClusterWorld::breaks(const std::string &what)
{
    if (broken_.empty())
        broken_ = "at " + std::to_string(now_) + " ms: " + what;
}

/* --- wires ----------------------------------------------------------------------------------- */

bool ClusterWorld::joined(const Node *a, const Node *b) const
{
    return !cuts_[a->index][b->index];
}

void ClusterWorld::schedule(const std::shared_ptr<Wire> &w, Event e, int64_t *busy)
{
    const auto most = static_cast<uint64_t>(faults.delay_ms) + 1;
    e.at = std::max(*busy, now_ + static_cast<int64_t>(rng_() % most));
    *busy = e.at;
    e.order = order_++;
    e.wire = w;
    events_.push(std::move(e));
}

void ClusterWorld::connect(void *ctx, cluster_link *link)
{
    auto *n = static_cast<Node *>(ctx);
    ClusterWorld *w = n->world;
    Node *to = nullptr;
    for (auto &other : w->nodes_)
        if (w->options(*other).ip == std::string(link->node->ip) && other->c)
            to = other.get();
    if (!to || !w->joined(n, to)) {
        if (!link->node->ping_sent_ms)
            link->node->ping_sent_ms = n->c->now_ms;
        link->drop = true;
        return;
    }
    auto wire = std::make_shared<Wire>();
    wire->from = n;
    wire->to = to;
    wire->out = link;
    w->wires_.push_back(wire);
    link->bus = wire.get();
    Event e = {};
    e.up = true;
    w->schedule(wire, e, &wire->busy_out);
}

/* One end goes; the other hears of it in a while, or never if the wire is cut. */
void ClusterWorld::close_end(const std::shared_ptr<Wire> &w, bool out)
{
    cluster_link **end = out ? &w->out : &w->in;
    Node *n = out ? w->from : w->to;
    if (!*end)
        return;
    cluster_link_free(n->c, *end);
    *end = nullptr;
    w->dead = true;
    Event e = {};
    e.gone = true;
    e.to_out = !out;
    schedule(w, e, out ? &w->busy_out : &w->busy_in);
}

void ClusterWorld::deliver(const Event &e)
{
    const auto &w = e.wire;
    if (e.up) {
        if (!w->out || w->dead)
            return;
        if (!w->to->c || !joined(w->from, w->to)) {
            close_end(w, true);
            return;
        }
        w->in = cluster_link_accept(w->to->c);
        std::strcpy(w->in->peer_ip, options(*w->from).ip);
        std::strcpy(w->in->own_ip, options(*w->to).ip);
        std::strcpy(w->out->peer_ip, options(*w->to).ip);
        std::strcpy(w->out->own_ip, options(*w->from).ip);
        w->from->c->now_ms = now_;
        cluster_link_up(w->from->c, w->out);
        pump(w->from);
        return;
    }
    cluster_link *end = e.to_out ? w->out : w->in;
    Node *n = e.to_out ? w->from : w->to;
    if (!end || !n->c)
        return;
    if (e.gone) {
        close_end(w, e.to_out);
        return;
    }
    if (!joined(w->from, w->to))
        return; /* lost; nobody is told */
    const bytes frame = bytes_of(e.frame.data(), e.frame.size());
    if (!cluster_receive(n->c, end, frame, now_))
        end->drop = true;
    pump(n);
}

/* --- steps ----------------------------------------------------------------------------------- */

void ClusterWorld::note_vote(Node *n, const Wire &w, bool out, const std::string &frame)
{
    frame_head h;
    if (!frame_read(bytes_of(frame.data(), frame.size()), &h)) {
        breaks("a node wrote a frame that cannot be read");
        return;
    }
    if (h.type != FRAME_AUTH_ACK)
        return;
    const std::string whom = std::to_string((out ? w.to : w.from)->index);
    auto [vote, fresh] = n->votes.emplace(h.current_epoch, whom);
    if (!fresh && vote->second != whom)
        breaks("node " + std::to_string(n->index) + " voted twice in epoch " +
               std::to_string(h.current_epoch));
}

void ClusterWorld::send_from(Node *n, const std::shared_ptr<Wire> &w, bool out)
{
    cluster_link *end = out ? w->out : w->in;
    buf *b = &end->out;
    size_t done = 0;
    while (b->size - done >= FRAME_PREFIX) {
        const uint32_t length = frame_length(b->data + done);
        if (length == 0 || b->size - done < length) {
            breaks("a node wrote half a frame");
            break;
        }
        Event e = {};
        e.frame.assign(b->data + done, length);
        e.to_out = !out;
        done += length;
        note_vote(n, *w, out, e.frame);
        if (rng_() % 1000 < faults.break_in_1000)
            end->drop = true;
        else
            schedule(w, e, out ? &w->busy_out : &w->busy_in);
    }
    b->size = 0;
}

/* What the bus does behind every step: the file first, then the frames. */
void ClusterWorld::pump(Node *n)
{
    cluster *c = n->c;
    watch(n);
    if (c->todo & CLUSTER_SAVE) {
        if (rng_() % 1000 < faults.crash_in_1000) {
            unmake(n); /* before anything was written or sent */
            return;
        }
        buf text = {};
        cluster_save_text(c, &text);
        n->file.assign(text.data, text.size);
        buf_release(&text);
    }
    c->todo = 0;
    for (size_t i = 0; i < wires_.size(); i++) {
        const std::shared_ptr<Wire> w = wires_[i];
        for (const bool out : {true, false}) {
            cluster_link *end = out ? w->out : w->in;
            if (!end || (out ? w->from : w->to) != n)
                continue;
            if (end->up && !end->drop)
                send_from(n, w, out);
            if (end->drop)
                close_end(w, out);
        }
    }
    /* Those that could not even be begun. */
    for (cluster_link *l = c->links, *next; l; l = next) {
        next = l->next;
        if (l->drop)
            cluster_link_free(c, l);
    }
    wires_.erase(std::remove_if(wires_.begin(), wires_.end(),
                                [](const auto &w) { return !w->out && !w->in; }),
                 wires_.end());
}

void ClusterWorld::watch(Node *n)
{
    const cluster *c = n->c;
    const bool master = cluster_is_master(c->self);
    if (master && !n->was_master && c->self->config_epoch > 0 && c->self->slot_count > 0) {
        auto [win, fresh] = wins_.emplace(c->self->config_epoch, id_of(c->self));
        if (!fresh && win->second != id_of(c->self))
            breaks("epoch " + std::to_string(c->self->config_epoch) + " was won twice");
    }
    n->was_master = master;
    if (c->last_vote_epoch > c->current_epoch)
        breaks("a vote is younger than the current epoch");
    for (auto &other : nodes_) {
        if (!other->c || other.get() == n || !master || !cluster_is_master(other->c->self) ||
            c->self->config_epoch != other->c->self->config_epoch || c->self->config_epoch == 0)
            continue;
        for (uint32_t slot = 0; slot < HASH_SLOTS; slot += 64)
            if (!moves_ && slot_bit(c->self->slots, slot) && slot_bit(other->c->self->slots, slot))
                breaks("slot " + std::to_string(slot) + " has two owners in epoch " +
                       std::to_string(c->self->config_epoch));
    }
}

void ClusterWorld::run(int64_t ms)
{
    const int64_t end = now_ + ms;
    while (broken_.empty()) {
        int64_t next = end;
        for (auto &n : nodes_)
            if (n->c)
                next = std::min(next, n->next_tick);
        if (!events_.empty())
            next = std::min(next, events_.top().at);
        now_ = std::max(now_, next);
        if (now_ >= end)
            return;
        if (!events_.empty() && events_.top().at <= now_) {
            const Event e = events_.top();
            events_.pop();
            deliver(e);
            continue;
        }
        for (auto &n : nodes_) {
            if (!n->c || n->next_tick > now_)
                continue;
            cluster_tick(n->c, now_);
            n->next_tick = now_ + CLUSTER_TICK_MS;
            pump(n.get());
        }
    }
}

void ClusterWorld::crash(uint32_t node)
{
    if (nodes_[node]->c)
        unmake(nodes_[node].get());
}

void ClusterWorld::restart(uint32_t node)
{
    if (!nodes_[node]->c)
        make(nodes_[node].get());
}

void ClusterWorld::cut(uint32_t a, uint32_t b, bool on)
{
    cuts_[a][b] = cuts_[b][a] = on && a != b;
}

void ClusterWorld::isolate(uint32_t node, bool on)
{
    for (uint32_t i = 0; i < size(); i++)
        cut(node, i, on);
}

void ClusterWorld::found(uint32_t masters)
{
    for (uint32_t i = 0; i < size(); i++)
        cluster_set_epoch(at(i), i + 1);
    for (uint32_t i = 0; i < masters; i++)
        for (uint32_t slot = i; slot < HASH_SLOTS; slot += masters)
            cluster_add_slot(at(i), at(i)->self, slot);
    for (uint32_t i = 1; i < size(); i++)
        cluster_meet(at(0), bytes_cstr(options(*nodes_[i]).ip), kPort, kPort + 10000);
    run(5000);
    for (uint32_t i = masters; i < size(); i++)
        cluster_replicate(at(i), bytes_of(at(i % masters)->self->id, NODE_ID_CHARS));
    run(5000);
}

/* Whose each thinks the slot is, with that one's epoch, and its marks. */
std::string ClusterWorld::opinions(uint32_t slot)
{
    std::string text;
    const auto number = [&](const cluster_node *node) {
        for (auto &n : nodes_)
            if (node && n->c && id_of(n->c->self) == id_of(node))
                return std::to_string(n->index);
        return std::string("-");
    };
    for (auto &n : nodes_) {
        const cluster_node *owner = n->c ? n->c->owner[slot] : nullptr;
        text += "\n  " + std::to_string(n->index) + (n->c ? "" : " is gone") + ": owner " +
                number(owner);
        if (!n->c)
            continue;
        text += " epoch " + std::to_string(owner ? owner->config_epoch : 0) + ", own epoch " +
                std::to_string(n->c->self->config_epoch) + " of " +
                std::to_string(n->c->current_epoch) + ", replica of " + number(n->c->self->master) +
                ", to " + number(n->c->migrating[slot]) + ", from " + number(n->c->importing[slot]);
    }
    return text;
}

std::string ClusterWorld::disagreement()
{
    cluster *first = nullptr;
    for (auto &n : nodes_) {
        if (!n->c)
            continue;
        if (n->c->down)
            return "node " + std::to_string(n->index) + " says that the cluster is down";
        if (!first)
            first = n->c;
        for (uint32_t slot = 0; slot < HASH_SLOTS; slot++) {
            const cluster_node *own = n->c->owner[slot], *other = first->owner[slot];
            if (!own || !other || id_of(own) != id_of(other))
                return "node " + std::to_string(n->index) + " differs in slot " +
                       std::to_string(slot) + opinions(slot);
        }
    }
    return "";
}
