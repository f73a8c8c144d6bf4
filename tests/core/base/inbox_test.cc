#include "core/base/inbox.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace
{

struct Message {
    inbox_node node; // first: a node's address is its message's
    int sender, number;
};

Message *message(inbox_node *node)
{
    return reinterpret_cast<Message *>(node);
}

TEST(Inbox, GivesAllInOrder)
{
    inbox in;
    inbox_init(&in);
    EXPECT_TRUE(inbox_is_empty(&in));
    EXPECT_EQ(inbox_drain(&in), nullptr);

    std::vector<Message> messages(10);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 10; i++) {
            messages[i].number = i;
            EXPECT_EQ(inbox_push(&in, &messages[i].node), i == 0)
                << "only the first finds it empty";
            EXPECT_FALSE(inbox_is_empty(&in));
        }
        int want = 0;
        for (inbox_node *n = inbox_drain(&in); n; n = n->next)
            EXPECT_EQ(message(n)->number, want++);
        EXPECT_EQ(want, 10);
        EXPECT_TRUE(inbox_is_empty(&in));
    }
}

TEST(Inbox, ADrainedNodeMayBePushedAgainAtOnce)
{
    inbox in{};
    Message a{}, b{};
    inbox_push(&in, &a.node);
    inbox_push(&in, &b.node);
    for (inbox_node *n = inbox_drain(&in), *next; n; n = next) {
        next = n->next;
        inbox_push(&in, n);
    }
    inbox_node *n = inbox_drain(&in);
    EXPECT_EQ(n, &a.node);
    EXPECT_EQ(n->next, &b.node);
    EXPECT_EQ(n->next->next, nullptr);
}

// Nothing is lost or doubled, each sender's order is kept, and the pushes that found the inbox
// empty are as many as the drains that found something.
TEST(Inbox, ManySendersOneReceiver)
{
    enum { SENDERS = 4, EACH = 50000 };
    inbox in{};
    std::atomic<int> found_empty{0};
    std::vector<std::vector<Message>> messages(SENDERS, std::vector<Message>(EACH));
    std::vector<std::thread> threads;
    for (int s = 0; s < SENDERS; s++)
        threads.emplace_back([&, s] {
            for (int i = 0; i < EACH; i++) {
                messages[s][i].sender = s;
                messages[s][i].number = i;
                found_empty += inbox_push(&in, &messages[s][i].node);
            }
        });
    std::vector<int> next(SENDERS, 0);
    int got = 0, drains = 0;
    while (got < SENDERS * EACH) {
        inbox_node *n = inbox_drain(&in);
        drains += n != nullptr;
        if (!n)
            std::this_thread::yield();
        for (; n; n = n->next, got++)
            ASSERT_EQ(message(n)->number, next[message(n)->sender]++);
    }
    for (std::thread &t : threads)
        t.join();
    EXPECT_EQ(found_empty, drains);
    EXPECT_EQ(inbox_drain(&in), nullptr);
}

} // namespace
