/*
 * cluster_world.h — a cluster in one process: nodes are state machines, time and wires are made up.
 *
 * Frames take random times, in order a wire; wires break, partitions cut all between two sides,
 * nodes crash between two steps and come back with what their file had.  Everything follows from
 * one seed.  What must never be is looked at after each step, and said by broken().
 */
#ifndef LK_TEST_CLUSTER_WORLD_H
#define LK_TEST_CLUSTER_WORLD_H

#include "core/peer/cluster.h"

#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <vector>

class ClusterWorld
{
  public:
    struct Faults {
        unsigned break_in_1000 = 0; /* of frames: the wire breaks instead */
        int64_t delay_ms = 5;       /* at most, of a frame or a connection */
        unsigned crash_in_1000 = 0; /* of files to be written: the node ends before it is */
    };

    ClusterWorld(uint64_t seed, uint32_t nodes, int64_t timeout_ms = 2000);
    ClusterWorld(const ClusterWorld &) = delete;
    ClusterWorld &operator=(const ClusterWorld &) = delete;
    ~ClusterWorld();

    /* The first masters share the slots; the others become their replicas in turn. */
    void found(uint32_t masters);
    void run(int64_t ms);
    void crash(uint32_t node);
    void restart(uint32_t node);
    void isolate(uint32_t node, bool on); /* from all others */
    void cut(uint32_t a, uint32_t b, bool on);

    cluster *at(uint32_t node)
    {
        return nodes_[node]->c;
    }
    bool alive(uint32_t node) const
    {
        return nodes_[node]->c != nullptr;
    }
    uint32_t size() const
    {
        return static_cast<uint32_t>(nodes_.size());
    }
    std::mt19937_64 &rng()
    {
        return rng_;
    }
    void set_offset(uint32_t node, uint64_t offset)
    {
        nodes_[node]->offset = offset;
    }
    /* An operator moves slots: who takes one takes an epoch without asking, which may be that of a
     * winner elsewhere until one of the two takes the next. */
    void moves()
    {
        moves_ = true;
    }
    Faults faults;

    /* Empty, or which rule was broken, and when. */
    const std::string &broken() const
    {
        return broken_;
    }
    /* Do all that are alive see the same owners, all slots served, and the state ok? */
    std::string disagreement();

  private:
    struct Node {
        ClusterWorld *world;
        uint32_t index;
        cluster *c = nullptr;
        std::string file;
        uint64_t offset = 0;
        int64_t paused_until = 0;
        int64_t next_tick = 0;
        int64_t clock_ahead = 0;
        std::map<uint64_t, std::string> votes; /* epoch -> whom */
        bool was_master = true;
    };
    struct Wire {
        Node *from, *to;
        cluster_link *out, *in; /* NULL: that end is gone */
        int64_t busy_out = 0, busy_in = 0;
        bool dead = false;
    };
    struct Event {
        int64_t at;
        uint64_t order;
        std::shared_ptr<Wire> wire;
        bool up, to_out; /* connected; else a frame for the dialler, or for the other end */
        bool gone;       /* the other end closed it */
        std::string frame;
        bool operator<(const Event &e) const
        {
            return at != e.at ? at > e.at : order > e.order;
        }
    };

    static void connect(void *ctx, cluster_link *link);
    cluster_options options(const Node &n) const;
    void make(Node *n);
    void unmake(Node *n);
    bool joined(const Node *a, const Node *b) const;
    void schedule(const std::shared_ptr<Wire> &w, Event e, int64_t *busy);
    void deliver(const Event &e);
    void close_end(const std::shared_ptr<Wire> &w, bool out);
    void pump(Node *n);
    void send_from(Node *n, const std::shared_ptr<Wire> &w, bool out);
    void note_vote(Node *n, const Wire &w, bool out, const std::string &frame);
    void watch(Node *n);
    void breaks(const std::string &what);
    std::string opinions(uint32_t slot);

    std::mt19937_64 rng_;
    int64_t now_ = 1000000, timeout_;
    uint64_t order_ = 0;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<std::vector<bool>> cuts_;
    std::vector<std::shared_ptr<Wire>> wires_;
    std::priority_queue<Event> events_;
    std::map<uint64_t, std::string> wins_; /* epoch -> who took it */
    bool moves_ = false;
    std::string broken_;
};

#endif
