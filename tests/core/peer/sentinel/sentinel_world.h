// A world of Sentinels and servers without sockets: messages are late or lost, parts are cut off
// from each other, processes die with what they have not saved.  One seed is one history.
#ifndef TESTS_CORE_PEER_SENTINEL_WORLD_H
#define TESTS_CORE_PEER_SENTINEL_WORLD_H

#include "core/peer/sentinel/sentinel.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

class SentinelWorld
{
  public:
    static constexpr int SENTINELS = 5, SERVERS = 3, NODES = SENTINELS + SERVERS;
    static constexpr int64_t DOWN_AFTER = 2000, FAILOVER_TIMEOUT = 10000;

    struct Server {
        sentinel_addr addr{};
        bool alive = true, master = false;
        sentinel_addr of{};
        int64_t offset = 0, link_down_since = -1;
        int boots = 0;
    };

    struct Saved {
        int64_t current_epoch = 0, config_epoch = 0, leader_epoch = 0;
        sentinel_addr master{};
        std::vector<sentinel_addr> replicas;
        std::vector<std::pair<sentinel_addr, std::string>> peers;
    };

    struct Process {
        SentinelWorld *world = nullptr;
        int index = 0;
        bool alive = false, dying = false;
        uint64_t life = 0;
        sentinel machine{};
        sentinel_addr addr{};
        std::string id;
        Saved disk;
        std::map<sentinel_node *, uint64_t> names;
        std::map<uint64_t, sentinel_node *> nodes;
    };

    explicit SentinelWorld(uint64_t seed) : random(seed)
    {
        for (int i = 0; i < SERVERS; i++) {
            servers.emplace_back();
            set_addr(servers.back().addr, "10.0.1." + std::to_string(i + 1), 6379);
            servers.back().master = i == 0;
            servers.back().of = servers[0].addr;
        }
        for (int i = 0; i < SENTINELS; i++) {
            processes.push_back(std::make_unique<Process>());
            Process &p = *processes.back();
            p.world = this;
            p.index = i;
            p.id = std::string(39, 'a') + char('0' + i);
            set_addr(p.addr, "10.0.2." + std::to_string(i + 1), 26379);
            p.disk.master = servers[0].addr;
            start(p);
        }
        group.assign(NODES, 0);
    }

    ~SentinelWorld()
    {
        for (auto &p : processes)
            stop(*p);
    }

    static void set_addr(sentinel_addr &a, const std::string &host, int port)
    {
        snprintf(a.host, sizeof a.host, "%s", host.c_str());
        a.port = uint16_t(port);
    }
    static std::string text(const sentinel_addr &a)
    {
        return std::string(a.host) + ":" + std::to_string(a.port);
    }
    // Asked thousands of times a second of the world: without a string.
    static bool same(const sentinel_addr &a, const sentinel_addr &b)
    {
        return a.port == b.port && strcmp(a.host, b.host) == 0;
    }
    uint64_t below(uint64_t n)
    {
        return random() % n;
    }

    // --- processes ---

    void start(Process &p)
    {
        const sentinel_calls calls = {&p, on_save, on_ask, on_tell, on_moved, nullptr, on_gone};
        p.alive = true;
        p.dying = false;
        p.life++;
        sentinel_init(&p.machine, &calls, p.id.c_str(), random(), now);
        p.machine.addr = p.addr;
        p.machine.current_epoch = p.disk.current_epoch;
        sentinel_master *m =
            sentinel_add_master(&p.machine, "mymaster", p.disk.master.host, p.disk.master.port, 2);
        m->down_after_ms = DOWN_AFTER;
        m->failover_timeout_ms = FAILOVER_TIMEOUT;
        m->config_epoch = p.disk.config_epoch;
        m->leader_epoch = p.disk.leader_epoch;
        for (const sentinel_addr &a : p.disk.replicas)
            sentinel_add_replica(&p.machine, m, &a);
        for (const auto &[a, id] : p.disk.peers)
            sentinel_add_peer(&p.machine, m, &a, id.c_str());
        tick_later(p);
    }

    void stop(Process &p)
    {
        if (!p.alive)
            return;
        p.alive = false;
        sentinel_release(&p.machine);
        p.names.clear();
        p.nodes.clear();
    }

    // Runs something in the process; if it dies in it, it comes again later.
    void in(Process &p, const std::function<void()> &what)
    {
        if (!p.alive)
            return;
        what();
        if (!p.dying)
            return;
        stop(p);
        const int index = p.index;
        at(now + 200 + int64_t(below(4000)), [this, index] { start(*processes[size_t(index)]); });
    }

    void tick_later(Process &p)
    {
        const uint64_t life = p.life;
        at(now + 80 + int64_t(below(40)), [this, &p, life] {
            if (!p.alive || p.life != life)
                return;
            in(p, [&] {
                see_links(p);
                sentinel_tick(&p.machine, now + skew(p), 0);
            });
            if (p.alive && p.life == life)
                tick_later(p);
        });
    }

    int64_t skew(const Process &p) const
    {
        return skews.count(p.index) ? skews.at(p.index) : 0;
    }

    template <class F> static void each_node(sentinel_master *m, F f)
    {
        f(&m->node);
        for (sentinel_node *n = m->replicas; n; n = n->next)
            f(n);
        for (sentinel_node *n = m->peers; n; n = n->next)
            f(n);
    }

    void see_links(Process &p)
    {
        each_node(p.machine.masters, [&](sentinel_node *n) {
            const int to = node_at(n->addr);
            sentinel_link(&p.machine, n, to >= 0 && reaches(p.index, to));
        });
    }

    // --- the net: nodes 0..4 are Sentinels, 5.. servers ---

    int node_at(const sentinel_addr &a) const
    {
        for (int i = 0; i < SENTINELS; i++)
            if (same(processes[size_t(i)]->addr, a))
                return i;
        for (int i = 0; i < SERVERS; i++)
            if (same(servers[size_t(i)].addr, a))
                return SENTINELS + i;
        return -1;
    }
    bool lives(int node) const
    {
        return node < SENTINELS ? processes[size_t(node)]->alive
                                : servers[size_t(node - SENTINELS)].alive;
    }
    bool reaches(int a, int b) const
    {
        return group[size_t(a)] == group[size_t(b)] && lives(a) && lives(b);
    }
    void carry(int from, int to, std::function<void()> what)
    {
        if (below(100) < loss)
            return;
        int64_t delay = 1 + int64_t(below(20));
        if (below(50) == 0)
            delay += int64_t(below(1500));
        at(now + delay, [this, from, to, what = std::move(what)] {
            if (reaches(from, to))
                what();
        });
    }
    // Back to the node that asked, if it is still there.
    void answer(int from, Process &p, uint64_t name, std::function<void(sentinel_node *)> what)
    {
        const uint64_t life = p.life;
        carry(from, p.index, [this, &p, name, life, what = std::move(what)] {
            if (p.life != life || !p.nodes.count(name))
                return;
            in(p, [&] { what(p.nodes.at(name)); });
        });
    }

    // --- what the machine asks for ---

    static bool on_save(void *ctx)
    {
        Process &p = *static_cast<Process *>(ctx);
        SentinelWorld &w = *p.world;
        if (p.dying || (w.faults && w.below(40) == 0))
            return false; /* the disk says no */
        if (w.faults && w.below(60) == 0) {
            p.dying = true; /* before it is there */
            return true;
        }
        const sentinel_master *m = p.machine.masters;
        p.disk = {};
        p.disk.current_epoch = p.machine.current_epoch;
        p.disk.config_epoch = m->config_epoch;
        p.disk.leader_epoch = m->leader_epoch;
        p.disk.master = *sentinel_master_addr(m);
        for (const sentinel_node *n = m->replicas; n; n = n->next)
            p.disk.replicas.push_back(same(n->addr, p.disk.master) ? m->node.addr : n->addr);
        for (const sentinel_node *n = m->peers; n; n = n->next)
            p.disk.peers.emplace_back(n->addr, n->run_id);
        if (w.faults && w.below(60) == 0)
            p.dying = true; /* behind it, and before it is spoken */
        return true;
    }

    static void on_gone(void *ctx, sentinel_node *n)
    {
        Process &p = *static_cast<Process *>(ctx);
        const auto found = p.names.find(n);
        if (found == p.names.end())
            return;
        p.nodes.erase(found->second);
        p.names.erase(found);
    }

    static void on_moved(void *ctx, const sentinel_master *, bool leader, const sentinel_addr *from,
                         const sentinel_addr *to)
    {
        Process &p = *static_cast<Process *>(ctx);
        EXPECT_FALSE(sentinel_master_addr(p.machine.masters) == from);
        EXPECT_NE(text(*from), text(*to));
        p.world->events[leader ? "moved, leader" : "moved, observer"]++;
    }

    static void on_tell(void *ctx, const sentinel_master *, const char *event, const char *words)
    {
        Process &p = *static_cast<Process *>(ctx);
        SentinelWorld &w = *p.world;
        if (p.dying)
            return;
        w.events[event]++;
        if (w.trace)
            printf("%8lld S%d %s %s\n", static_cast<long long>(w.now), p.index, event, words);
        if (strcmp(event, "+elected-leader") == 0)
            w.elected(p, p.machine.masters->failover_epoch);
        if (strcmp(event, "+vote-for-leader") == 0) {
            std::istringstream in(words);
            std::string whom;
            int64_t epoch = 0;
            in >> whom >> epoch;
            w.voted(p, epoch, whom);
        }
    }

    void elected(const Process &p, int64_t epoch)
    {
        const auto [it, fresh] = leaders.emplace(epoch, p.index);
        EXPECT_EQ(it->second, p.index) << "two leaders in epoch " << epoch;
    }
    void voted(const Process &p, int64_t epoch, const std::string &whom)
    {
        const auto [it, fresh] = votes.emplace(std::make_pair(p.index, epoch), whom);
        EXPECT_EQ(it->second, whom) << "S" << p.index << " votes twice in epoch " << epoch;
    }

    static void on_ask(void *ctx, sentinel_node *to, const sentinel_call *call)
    {
        Process &p = *static_cast<Process *>(ctx);
        if (p.dying)
            return;
        SentinelWorld &w = *p.world;
        static uint64_t next = 1;
        const uint64_t name = p.names.emplace(to, next).first->second;
        if (name == next)
            next++;
        p.nodes[name] = to;
        const int target = w.node_at(to->addr);
        if (target < 0)
            return;
        if (target < SENTINELS)
            w.ask_sentinel(p, target, name, *call);
        else
            w.ask_server(p, target, name, *call);
    }

    void ask_sentinel(Process &p, int target, uint64_t name, const sentinel_call &call)
    {
        Process &q = *processes[size_t(target)];
        switch (call.what) {
        case SENTINEL_ASK_PING:
            carry(p.index, target, [this, &p, target, name] {
                answer(target, p, name,
                       [&p](sentinel_node *n) { sentinel_pong(&p.machine, n, true, true); });
            });
            break;
        case SENTINEL_ASK_HELLO:
            carry(p.index, target, [this, &q, hello = std::string(call.text)] {
                in(q, [&] { sentinel_hello(&q.machine, bytes_of(hello.data(), hello.size())); });
            });
            break;
        case SENTINEL_ASK_DOWN:
            carry(p.index, target,
                  [this, &p, &q, target, name, addr = *call.addr, epoch = call.epoch,
                   who = std::string(call.text)] { down(p, q, target, name, addr, epoch, who); });
            break;
        default:
            ADD_FAILURE() << "asks a Sentinel for " << call.what;
        }
    }

    void down(Process &p, Process &q, int target, uint64_t name, const sentinel_addr &addr,
              int64_t epoch, const std::string &who)
    {
        bool is_down = false, spoken = false;
        char leader[SENTINEL_ID_CHARS + 1];
        int64_t leader_epoch = 0;
        in(q, [&] {
            sentinel_is_master_down(&q.machine, &addr, epoch, who.c_str(), &is_down, leader,
                                    &leader_epoch);
            spoken = !q.dying;
        });
        if (!spoken)
            return;
        if (strcmp(leader, "*") != 0)
            voted(q, leader_epoch, leader);
        answer(target, p, name,
               [&p, is_down, whom = std::string(leader), leader_epoch](sentinel_node *n) {
                   sentinel_down_said(&p.machine, n, is_down, whom.c_str(), leader_epoch);
               });
    }

    void ask_server(Process &p, int target, uint64_t name, const sentinel_call &call)
    {
        const size_t server = size_t(target - SENTINELS);
        const sentinel_addr addr = call.addr ? *call.addr : sentinel_addr{};
        const std::string hello = call.text ? call.text : "";
        carry(p.index, target, [this, &p, server, target, name, what = call.what, addr, hello] {
            Server &s = servers[server];
            switch (what) {
            case SENTINEL_ASK_PING:
                answer(target, p, name,
                       [&p](sentinel_node *n) { sentinel_pong(&p.machine, n, true, true); });
                break;
            case SENTINEL_ASK_INFO:
                answer(target, p, name, [&p, info = info_of(server)](sentinel_node *n) {
                    sentinel_info(&p.machine, n, bytes_of(info.data(), info.size()));
                });
                break;
            case SENTINEL_ASK_HELLO:
                for (auto &q : processes)
                    carry(target, q->index, [this, &q, hello] {
                        in(*q, [&] {
                            sentinel_hello(&q->machine, bytes_of(hello.data(), hello.size()));
                        });
                    });
                break;
            case SENTINEL_ASK_PROMOTE:
                s.master = true;
                events["asked to promote"]++;
                break;
            case SENTINEL_ASK_PAUSE:
                events["paused"]++; /* it was sent first, but links carry at their own pace */
                break;
            case SENTINEL_ASK_FOLLOW:
                if (same(addr, s.addr))
                    break;
                s.master = false;
                s.of = addr;
                break;
            default:
                ADD_FAILURE() << "asks a server for " << what;
            }
        });
    }

    bool follows(const Server &r, const Server &m) const
    {
        return !r.master && same(r.of, m.addr) && reaches(node_at(r.addr), node_at(m.addr));
    }

    std::string info_of(size_t index)
    {
        Server &s = servers[index];
        std::ostringstream out;
        out << "# Server\r\nrun_id:" << std::string(38, 'f') << index << s.boots % 10
            << "\r\nrole:" << (s.master ? "master" : "slave") << "\r\n";
        if (s.master) {
            int n = 0;
            for (const Server &r : servers)
                if (&r != &s && follows(r, s))
                    out << "slave" << n++ << ":ip=" << r.addr.host << ",port=" << r.addr.port
                        << ",state=online,offset=" << r.offset << ",lag=0\r\n";
            return out.str();
        }
        bool up = false;
        for (const Server &m : servers)
            up |= m.master && follows(s, m);
        if (up)
            s.link_down_since = -1;
        else if (s.link_down_since < 0)
            s.link_down_since = now;
        out << "master_host:" << s.of.host << "\r\nmaster_port:" << s.of.port
            << "\r\nmaster_link_status:" << (up ? "up" : "down") << "\r\n";
        if (!up)
            out << "master_link_down_since_seconds:" << (now - s.link_down_since) / 1000 << "\r\n";
        out << "slave_repl_offset:" << s.offset << "\r\nslave_priority:100\r\n";
        return out.str();
    }

    // --- time ---

    void at(int64_t when, std::function<void()> what)
    {
        queue.push({when, sequence++, std::move(what)});
    }
    void run_until(int64_t end)
    {
        while (!queue.empty() && queue.top().when <= end) {
            /* Taken out, not copied: what orders it stays as it is. */
            const Event e = std::move(const_cast<Event &>(queue.top()));
            queue.pop();
            now = e.when;
            e.what();
        }
        now = end;
    }

    // --- what befalls them ---

    void disturb()
    {
        switch (below(6)) {
        case 0: /* two parts */
            for (int &g : group)
                g = int(below(2));
            break;
        case 1: /* one is alone */
            group[below(NODES)] = 2;
            break;
        case 2:
            group.assign(NODES, 0);
            break;
        case 3: {
            Server &s = servers[below(SERVERS)];
            s.alive = !s.alive;
            s.boots += s.alive;
            break;
        }
        case 4: {
            Process &p = *processes[below(SENTINELS)];
            p.dying = true;
            in(p, [] {});
            break;
        }
        default:
            loss = below(30);
            skews[int(below(SENTINELS))] = int64_t(below(8000)) - 4000;
        }
    }

    void heal()
    {
        faults = false;
        loss = 0;
        group.assign(NODES, 0);
        for (Server &s : servers)
            s.alive = true;
        skews.clear();
    }

    // All Sentinels and all servers are of one mind.
    bool agreed() const
    {
        std::set<std::string> named;
        for (const auto &p : processes) {
            if (!p->alive || p->machine.masters->state != SENTINEL_NONE)
                return false;
            named.insert(text(*sentinel_master_addr(p->machine.masters)));
        }
        if (named.size() != 1)
            return false;
        for (const Server &s : servers) {
            const bool is_it = text(s.addr) == *named.begin();
            if (s.master != is_it || (!is_it && text(s.of) != *named.begin()))
                return false;
        }
        return true;
    }

    std::string state() const
    {
        std::ostringstream out;
        for (const auto &p : processes)
            out << "S" << p->index << (p->alive ? "" : " dead") << " epoch "
                << p->machine.current_epoch << " config "
                << (p->alive ? p->machine.masters->config_epoch : 0) << " master "
                << (p->alive ? text(*sentinel_master_addr(p->machine.masters)) : "") << " state "
                << (p->alive ? p->machine.masters->state : 0) << "\n";
        for (const Server &s : servers)
            out << text(s.addr) << (s.master ? " master" : " of " + text(s.of)) << "\n";
        return out.str();
    }

    struct Event {
        int64_t when;
        uint64_t sequence;
        std::function<void()> what;
        bool operator<(const Event &o) const
        {
            return when != o.when ? when > o.when : sequence > o.sequence;
        }
    };

    std::mt19937_64 random;
    int64_t now = 1'000'000;
    std::vector<std::unique_ptr<Process>> processes;
    std::vector<Server> servers;
    std::vector<int> group;
    uint64_t loss = 0;
    bool faults = false, trace = false;
    std::map<int, int64_t> skews;
    std::map<int64_t, int> leaders;
    std::map<std::pair<int, int64_t>, std::string> votes;
    std::map<std::string, int> events;
    std::priority_queue<Event> queue;
    uint64_t sequence = 0;
};

#endif
