/*
 * busy_test.cc — a slow command of one client stands in the way of nobody but those who want its
 * shard: what goes through all shards waits for it without its worker.
 *
 * Client A has a command that takes long.  Who is answered meanwhile is of the other worker: of
 * those, B asks for something that needs A's shard too, and then C sends PING.  If C is answered
 * while A is not, B has not stopped its worker.  Where A was too fast to tell, it is given more.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace
{

using namespace lk;

bool has_reply(const Client &c)
{
    pollfd p = {c.fd(), POLLIN, 0};
    return poll(&p, 1, 0) > 0;
}

class BusyServer
{
  protected:
    void start()
    {
        server_ = Server::tested({{"io-threads", "2"}, {"save", ""}});
        for (int i = 0; i < 8; i++) {
            clients_.push_back(Client::tcp(server_->port()));
            EXPECT_EQ(clients_.back().call({"SELECT", "1"}).text, "OK");
        }
    }
    Client &slow()
    {
        return clients_[0];
    }

    // Begins the slow command; the clients that its worker does not serve, two at least, or none
    // if it ends before.  The others have one reply more to read.
    std::vector<Client *> begin(std::vector<Client *> *neighbours)
    {
        std::vector<Client *> free;
        slow().send({"SORT", "big", "ALPHA", "STORE", "big"});
        for (size_t i = 1; i < clients_.size(); i++) {
            clients_[i].send(Args{"PING"});
            neighbours->push_back(&clients_[i]);
        }
        while (free.size() < 2 && !has_reply(slow()))
            for (auto it = neighbours->begin(); it != neighbours->end();)
                if (has_reply(**it)) {
                    EXPECT_EQ((*it)->read().text, "PONG");
                    free.push_back(*it);
                    it = neighbours->erase(it);
                } else {
                    ++it;
                }
        // Once more, as they may have been answered before it began.
        for (Client *c : free)
            EXPECT_TRUE(c->ping());
        bool runs = !has_reply(slow()) && !neighbours->empty();
        for (const Client *c : *neighbours)
            runs &= !has_reply(*c);
        return runs ? free : std::vector<Client *>{};
    }

    void grow()
    {
        Args push = {"RPUSH", "big"};
        for (int i = 0; i < 1000; i++)
            push.push_back(std::to_string((size_ + i) * 7919 % 1000003));
        slow().pipeline(std::vector<Args>(100, push));
        size_ += 100000;
    }

    std::unique_ptr<Server> server_;
    std::vector<Client> clients_;
    long size_ = 0;
};

class Busy : public BusyServer, public testing::TestWithParam<Args>
{
};
class BusyScan : public BusyServer, public testing::Test
{
};

TEST_P(Busy, StopsNoOtherClientOfTheWorker)
{
    start();
    bool told = false;
    for (int tries = 0; tries < 20 && !told; tries++) {
        grow();
        std::vector<Client *> neighbours;
        const std::vector<Client *> free = begin(&neighbours);
        if (!free.empty()) {
            free[0]->send(GetParam());
            ASSERT_TRUE(free[1]->ping());
            const bool early = has_reply(*free[0]);
            told = !early && !has_reply(slow());
            const Reply r = free[0]->read();
            EXPECT_NE(r.type, '-') << r.text;
        }
        EXPECT_EQ(slow().read().text, std::to_string(size_));
        for (Client *c : neighbours)
            EXPECT_EQ(c->read().text, "PONG");
    }
    if (!told)
        GTEST_SKIP() << "the slow command was too fast each time";
}

std::string name_of(const testing::TestParamInfo<Args> &info)
{
    return info.param[0];
}

INSTANTIATE_TEST_SUITE_P(Wire, Busy,
                         testing::Values(Args{"KEYS", "*"}, Args{"DBSIZE"}, Args{"RANDOMKEY"},
                                         Args{"INFO", "keyspace"}, Args{"MEMORY", "STATS"},
                                         Args{"CONFIG", "RESETSTAT"}),
                         name_of);

// SCAN answers in front of the busy shard, or waits like the others; each key comes once.
TEST_F(BusyScan, ComesToItsEnd)
{
    start();
    std::vector<Args> sets;
    for (int i = 0; i < 500; i++)
        sets.push_back({"SET", "k" + std::to_string(i), "v"});
    slow().pipeline(sets);
    grow();
    slow().send({"SORT", "big", "ALPHA", "STORE", "big"});
    std::string cursor = "0";
    size_t found = 0;
    do {
        const Reply r = clients_[1].call({"SCAN", cursor, "COUNT", "100", "MATCH", "k*"});
        cursor = r.items.at(0).text;
        found += r.items.at(1).items.size();
    } while (cursor != "0");
    EXPECT_EQ(found, 500u);
    EXPECT_EQ(slow().read().text, std::to_string(size_));
}

} // namespace
