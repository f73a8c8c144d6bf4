// Messages from a unit to the sessions of many workers, without a dispatcher.
#include "core/cmd/engine/publication.h"
#include "core/cmd/engine/subscriber.h"

#include "core/base/mem.h"
#include "core/proto/resp_segment.h"
#include "core/store/gate.h"
#include "core/store/reclaim.h"
#include "core/store/shard.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace
{

bytes b(const std::string &s)
{
    return bytes_of(s.data(), s.size());
}

std::string bulk(const std::string &s)
{
    return "$" + std::to_string(s.size()) + "\r\n" + s + "\r\n";
}

struct Session {
    session s;

    explicit Session(uint32_t version = 2)
    {
        session_init(&s, 1);
        session_set_version(&s, version);
    }
    ~Session()
    {
        reply_release(&s.reply);
        client_cell_drop(s.client);
    }

    // What has been written since the last call.
    std::string take()
    {
        std::string all;
        bytes run;
        while (reply_segments(&s.reply, &run, 1) == 1) {
            all.append(run.data, run.size);
            reply_sent(&s.reply, run.size);
        }
        return all;
    }
};

struct Worker {
    push_hub *hub;
    uint32_t index;
    subscribers all;
    publication unit{};
    int outputs = 0;

    Worker(push_hub *h, uint32_t i) : hub(h), index(i)
    {
        subscribers_init(&all, h->channels, h->patterns, i);
        all.output = [](void *ctx, session *) { ++*static_cast<int *>(ctx); };
        all.output_ctx = &outputs;
    }
    ~Worker()
    {
        publication_release(&unit);
        subscribers_release(&all);
    }

    uint64_t publish(const std::string &channel, const std::string &payload,
                     message_kind kind = MESSAGE_PLAIN)
    {
        return publication_heard(hub, kind)
                   ? publication_add(&unit, hub, kind, b(channel), b(payload))
                   : 0;
    }

    void commit(uint64_t ticket = 0)
    {
        if (unit.count == 0)
            return;
        publication_lock(&unit, hub);
        publication_send(&unit, hub, index, ticket);
    }

    void deliver()
    {
        for (push *p = push_take(hub, index), *next; p; p = next) {
            next = reinterpret_cast<push *>(p->node.next);
            subscribers_deliver(&all, p->message);
            push_free(p);
        }
        subscribers_drop_ended(&all);
    }
};

struct Hub {
    push_hub *h = push_hub_new();
    ~Hub()
    {
        push_hub_free(h);
        reclaim_flush();
    }
};

TEST(Push, FormsOfAMessage)
{
    Hub hub;
    Worker w(hub.h, 0);
    Session two(2), three(3);
    const std::string large(5000, 'x');
    EXPECT_EQ(w.publish("c", "nobody hears it"), 0u);
    for (Session *s : {&two, &three}) {
        EXPECT_TRUE(subscriber_add(&w.all, &s->s, SUBSCRIBED_CHANNEL, b("c")));
        EXPECT_FALSE(subscriber_add(&w.all, &s->s, SUBSCRIBED_CHANNEL, b("c")));
        EXPECT_TRUE(subscriber_add(&w.all, &s->s, SUBSCRIBED_PATTERN, b("*")));
        EXPECT_TRUE(subscriber_add(&w.all, &s->s, SUBSCRIBED_SHARD, b("c")));
    }
    EXPECT_EQ(w.publish("c", large), 4u);
    EXPECT_EQ(w.publish("c", "s", MESSAGE_SHARD), 2u);
    EXPECT_EQ(two.take(), ""); // before the commit
    w.commit(7);
    w.deliver();
    const std::string want = "3\r\n" + bulk("message") + bulk("c") + bulk(large) + "M4\r\n" +
                             bulk("pmessage") + bulk("*") + bulk("c") + bulk(large) + "M3\r\n" +
                             bulk("smessage") + bulk("c") + bulk("s");
    for (auto [s, mark] : {std::pair{&two, '*'}, std::pair{&three, '>'}}) {
        std::string form = mark + want;
        for (char &c : form)
            if (c == 'M')
                c = mark;
        EXPECT_EQ(s->take(), form);
        EXPECT_EQ(s->s.ticket, 7u);
    }
    EXPECT_EQ(w.outputs, 6);
    for (Session *s : {&two, &three})
        subscriber_forget(&w.all, &s->s);
    EXPECT_EQ(w.publish("c", "gone"), 0u);
}

// What was published, and counted, before the end of a subscription arrives; nothing later does.
TEST(Push, ASubscriptionLastsFromItsBeginningToItsEnd)
{
    for (const subscription_kind kind : {SUBSCRIBED_CHANNEL, SUBSCRIBED_PATTERN}) {
        Hub hub;
        Worker w(hub.h, 0), other(hub.h, 1);
        Session s, keeps;
        subscriber_add(&w.all, &keeps.s, SUBSCRIBED_CHANNEL, b("c")); // so that c is heard
        other.publish("c", "before");
        other.commit();
        subscriber_add(&w.all, &s.s, kind, b("c"));
        EXPECT_EQ(other.publish("c", "inside"), 2u);
        other.commit();
        subscriber_remove(&w.all, &s.s, kind, b("c"));
        EXPECT_EQ(other.publish("c", "behind"), 1u);
        other.commit();
        w.deliver();
        const std::string got = s.take();
        EXPECT_EQ(got.find("before"), std::string::npos);
        EXPECT_NE(got.find("inside"), std::string::npos);
        EXPECT_EQ(got.find("behind"), std::string::npos);
        EXPECT_NE(keeps.take().find("behind"), std::string::npos);
        subscriber_forget(&w.all, &s.s);
        subscriber_forget(&w.all, &keeps.s);
    }
}

// Random sessions of three workers; every one hears just what a model says, in order.
TEST(Push, SessionsHearWhatAModelSays)
{
    std::mt19937_64 rng(19);
    Hub hub;
    std::vector<std::unique_ptr<Worker>> workers;
    for (uint32_t i = 0; i < 3; i++)
        workers.push_back(std::make_unique<Worker>(hub.h, i));
    struct One {
        Session s;
        Worker *w;
        std::set<std::string> names[SUBSCRIPTION_KINDS];
        std::string want;
    };
    std::vector<std::unique_ptr<One>> all;
    for (int i = 0; i < 12; i++) {
        all.push_back(std::make_unique<One>());
        all.back()->w = workers[rng() % 3].get();
    }
    const std::string channels[] = {"a", "ab", "abc", "b", ""};
    const std::string globs[] = {"a*", "*", "?b*", "b", ""};
    for (int step = 0; step < 6000; step++) {
        One &one = *all[rng() % all.size()];
        const auto kind = static_cast<subscription_kind>(rng() % SUBSCRIPTION_KINDS);
        const std::string &name =
            kind == SUBSCRIBED_PATTERN ? globs[rng() % 5] : channels[rng() % 5];
        switch (rng() % 4) {
        case 0:
            EXPECT_EQ(subscriber_add(&one.w->all, &one.s.s, kind, b(name)),
                      one.names[kind].insert(name).second);
            break;
        case 1:
            EXPECT_EQ(subscriber_remove(&one.w->all, &one.s.s, kind, b(name)),
                      one.names[kind].erase(name) == 1);
            one.w->deliver();
            break;
        default: {
            Worker &from = *workers[rng() % 3];
            const message_kind what = rng() % 3 ? MESSAGE_PLAIN : MESSAGE_SHARD;
            const std::string &channel = channels[rng() % 5];
            const std::string payload = std::to_string(step);
            uint64_t count = 0;
            for (auto &o : all) {
                const std::string body = bulk(channel) + bulk(payload);
                if (what == MESSAGE_SHARD) {
                    if (o->names[SUBSCRIBED_SHARD].count(channel)) {
                        o->want += "*3\r\n" + bulk("smessage") + body;
                        count++;
                    }
                    continue;
                }
                if (o->names[SUBSCRIBED_CHANNEL].count(channel)) {
                    o->want += "*3\r\n" + bulk("message") + body;
                    count++;
                }
                for (auto &glob : o->names[SUBSCRIBED_PATTERN])
                    if (bytes_match_glob(b(glob), b(channel), false)) {
                        o->want += "*4\r\n" + bulk("pmessage") + bulk(glob) + body;
                        count++;
                    }
            }
            EXPECT_EQ(from.publish(channel, payload, what), count);
            from.commit();
        }
        }
        for (uint32_t kinds = 0; kinds < SUBSCRIPTION_KINDS; kinds++)
            ASSERT_EQ(subscriber_count(&one.s.s, static_cast<subscription_kind>(kinds)),
                      one.names[kinds].size());
        if (rng() % 50 == 0) {
            for (auto &w : workers)
                w->deliver();
            for (auto &o : all) {
                // Several patterns of one session match in no certain order.
                std::string got = o->s.take();
                EXPECT_EQ(got.size(), o->want.size());
                std::sort(got.begin(), got.end());
                std::sort(o->want.begin(), o->want.end());
                ASSERT_EQ(got, o->want) << "step " << step;
                o->want.clear();
            }
        }
    }
    for (auto &o : all)
        subscriber_forget(&o->w->all, &o->s.s);
}

// Publishers and subscribers that come and go: the sum of counts is the sum of deliveries, and
// each session sees each publisher's messages in order.
TEST(Push, ConcurrentCountsAreDeliveries)
{
    gate g;
    gate_init(&g);
    Hub hub;
    std::atomic<uint64_t> counted{0}, delivered{0};
    std::atomic<int> publishing{3};
    std::vector<std::thread> threads;
    for (uint32_t i = 0; i < 3; i++)
        threads.emplace_back([&, i] {
            const int slot = gate_join(&g);
            Worker w(hub.h, 10 + i);
            for (int n = 0; n < 3000; n++) {
                gate_enter(&g, slot);
                const std::string payload = std::to_string(i) + ":" + std::to_string(n);
                if (publication_heard(hub.h, MESSAGE_PLAIN))
                    counted +=
                        publication_add_last(&w.unit, hub.h, MESSAGE_PLAIN, b("c"), b(payload));
                w.commit();
                gate_leave(&g, slot);
            }
            publishing--;
            gate_part(&g, slot);
            reclaim_flush();
        });
    for (uint32_t i = 0; i < 2; i++)
        threads.emplace_back([&, i] {
            const int slot = gate_join(&g);
            std::mt19937_64 rng(i);
            Worker w(hub.h, i);
            Session s;
            std::map<std::string, long> last;
            const auto hear = [&] {
                w.deliver();
                const std::string got = s.take();
                for (size_t at = got.find(':'); at != std::string::npos;
                     at = got.find(':', at + 1)) {
                    const std::string who(1, got[at - 1]);
                    const long n = std::stol(got.substr(at + 1));
                    EXPECT_GE(n, last.count(who) ? last[who] : -1); // by channel, then by pattern
                    last[who] = n;
                    delivered++;
                }
            };
            while (publishing > 0) {
                gate_enter(&g, slot);
                const auto kind = rng() % 2 ? SUBSCRIBED_CHANNEL : SUBSCRIBED_PATTERN;
                subscriber_add(&w.all, &s.s, kind, b("c"));
                hear();
                if (rng() % 2)
                    subscriber_remove(&w.all, &s.s, kind, b("c"));
                hear();
                gate_leave(&g, slot);
            }
            gate_enter(&g, slot);
            for (const auto kind : {SUBSCRIBED_CHANNEL, SUBSCRIBED_PATTERN})
                subscriber_remove(&w.all, &s.s, kind, b("c"));
            hear();
            subscriber_forget(&w.all, &s.s);
            gate_leave(&g, slot);
            gate_part(&g, slot);
            reclaim_flush();
        });
    for (auto &t : threads)
        t.join();
    EXPECT_EQ(counted, delivered);
}

// A box that holds too much stops publishers, and whoever empties it tells them.
TEST(Push, AFullBoxParksAndTells)
{
    static uint64_t told;
    told = 0;
    shard_set_retry_hook([](void *, uint64_t mask) { told |= mask; }, nullptr);
    Hub hub;
    Worker w(hub.h, 2), from(hub.h, 5);
    Session s;
    subscriber_add(&w.all, &s.s, SUBSCRIBED_CHANNEL, b("c"));
    const std::string megabyte(1 << 20, 'x');
    int sent = 0;
    for (; push_room_or_ask(hub.h, 5) && sent < 100; sent++) {
        from.publish("c", megabyte);
        from.commit();
    }
    EXPECT_EQ(sent, PUSH_BOX_FULL >> 20);
    EXPECT_EQ(told, 0u);
    w.deliver();
    EXPECT_EQ(told, UINT64_C(1) << 5);
    EXPECT_TRUE(push_room_or_ask(hub.h, 5));
    EXPECT_GT(reply_size(&s.s.reply), static_cast<size_t>(PUSH_BOX_FULL));
    subscriber_forget(&w.all, &s.s);
    shard_set_retry_hook(nullptr, nullptr);
}

} // namespace
