/*
 * durable_test.cc — appendfsync always: no reply leaves before what it shows is on the disk.
 *
 * The disk lets pass as many syncs as the test says (tests/support/bad_disk.c), so it is known
 * which changes are durable.  There is one worker: once a second client has been answered, whatever
 * could have been sent to the first one before has been.
 */
#include "tests/support/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

namespace
{

using namespace lk;
namespace fs = std::filesystem;

#ifndef BAD_DISK_PATH
#define BAD_DISK_PATH ""
#endif

class Durable : public testing::Test
{
  protected:
    void start(const Args &more = {})
    {
        port_ = free_port();
        const char *asan = getenv("ASAN_OPTIONS");
        Args argv = {"/usr/bin/env", std::string("LD_PRELOAD=") + BAD_DISK_PATH,
                     "LATCHKEY_BAD_DISK=" + control(),
                     std::string("ASAN_OPTIONS=") + (asan ? asan : "") +
                         ":verify_asan_link_order=0"};
        const Args program = tested_program();
        argv.insert(argv.end(), program.begin(), program.end());
        argv.insert(argv.end(),
                    {"--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir",
                     directory_.path(), "--save", "", "--io-threads", "1", "--appendonly", "yes",
                     "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"});
        argv.insert(argv.end(), more.begin(), more.end());
        server_ = std::make_unique<Process>(argv);
        ASSERT_TRUE(server_->wait_output("eady to accept connections")) << server_->output();
        witness_ = std::make_unique<Client>(client());
        while (witness_->call_raw({"PING"}) != "+PONG\r\n") {
        }
    }

    void TearDown() override
    {
        let_all_through();
        witness_.reset();
        server_->signal(SIGTERM);
        EXPECT_EQ(server_->wait_exit(), 0) << server_->output();
        EXPECT_EQ(server_->output().find("Sanitizer"), std::string::npos) << server_->output();
    }

    Client client() const
    {
        return Client::tcp(port_);
    }

    /* Every sync from now on waits, until it is let through. */
    void hold_syncs()
    {
        put("fdatasync gate");
    }
    void let_all_through()
    {
        put("");
    }
    void let_one_through()
    {
        std::ofstream(control() + ".pass", std::ios::app) << ".";
    }
    /* One more than when it was last called has come to the gate. */
    void until_a_sync_waits()
    {
        waits_++;
        const std::string path = control() + ".waits";
        std::error_code none;
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (!fs::exists(path, none) || fs::file_size(path, none) < waits_)
            ASSERT_LT(std::chrono::steady_clock::now(), end);
    }

    /* True: there is a reply now.  What was due before a PING of the witness has arrived. */
    bool answered(const Client &c)
    {
        EXPECT_EQ(witness_->call_raw({"PING"}), "+PONG\r\n");
        EXPECT_EQ(witness_->call_raw({"PING"}), "+PONG\r\n");
        pollfd bytes = {c.fd(), POLLIN, 0};
        return poll(&bytes, 1, 0) == 1;
    }

    void stop() const
    {
        server_->signal(SIGTERM);
        server_->wait_output("User requested shutdown");
    }
    /* None waits: those counted so far are all. */
    void forget_syncs()
    {
        std::error_code none;
        const auto size = fs::file_size(control() + ".waits", none);
        waits_ = none ? 0 : size;
        /* Those let through by the line's end have not been counted in .pass. */
        std::ofstream(control() + ".pass") << std::string(waits_, '.');
    }

    std::unique_ptr<Client> witness_;

  private:
    std::string control() const
    {
        return directory_.path() + "/control";
    }
    void put(const std::string &text)
    {
        std::ofstream(control() + ".new") << text << "\n";
        fs::rename(control() + ".new", control());
    }
    TempDir directory_;
    int port_ = 0;
    std::unique_ptr<Process> server_;
    uintmax_t waits_ = 0;
};

TEST_F(Durable, EachWriterIsAnsweredAfterItsOwnSync)
{
    start();
    Client first = client(), second = client();
    hold_syncs();
    first.send(Args{"SET", "a", "1"});
    until_a_sync_waits();
    second.send(Args{"SET", "b", "1"});
    EXPECT_FALSE(answered(first));
    EXPECT_FALSE(answered(second));
    let_one_through();
    EXPECT_EQ(first.read_raw(), "+OK\r\n");
    until_a_sync_waits();
    EXPECT_FALSE(answered(second));
    let_one_through();
    EXPECT_EQ(second.read_raw(), "+OK\r\n");
}

/* What is written to a connection later does not hold up what was due before. */
TEST_F(Durable, RepliesOfOneConnectionGoEachWithItsOwnSync)
{
    start();
    Client c = client();
    hold_syncs();
    c.send(Args{"SET", "a", "1"});
    until_a_sync_waits();
    c.send(encode({"PING"}) + encode({"SET", "b", "2"}) + encode({"GET", "b"}));
    EXPECT_FALSE(answered(c));
    let_one_through();
    EXPECT_EQ(c.read_raw(), "+OK\r\n");
    until_a_sync_waits();
    EXPECT_FALSE(
        answered(c)); /* the second SET's sync waits, and PING stands in one reply with it */
    c.send(Args{"ECHO", "last"});
    let_one_through();
    EXPECT_EQ(c.read_raw(), "+PONG\r\n");
    EXPECT_EQ(c.read_raw(), "+OK\r\n");
    EXPECT_EQ(c.read().text, "2");
    EXPECT_EQ(c.read().text, "last");
}

/* A command that shows what another client has just done waits until that is durable. */
TEST_F(Durable, NobodyIsToldWhatMayYetBeLost)
{
    struct Row {
        const char *name;
        std::vector<Args> before;
        Args change;
        std::vector<Args> shows; /* the last one's reply shows it; the others are sent with it */
    };
    const std::vector<Row> rows = {
        {"GET", {}, {"SET", "k", "1"}, {{"GET", "k"}}},
        {"GET of what is gone", {{"SET", "k", "1"}}, {"DEL", "k"}, {{"GET", "k"}}},
        {"MGET", {{"SET", "j", "1"}}, {"SET", "k", "1"}, {{"MGET", "j", "k"}}},
        {"MGET of MSET", {}, {"MSET", "j", "1", "k", "1"}, {{"MGET", "i", "j"}}},
        {"EXISTS", {}, {"SET", "k", "1"}, {{"EXISTS", "k"}}},
        {"SCAN", {}, {"SET", "k", "1"}, {{"SCAN", "0", "COUNT", "100000"}}},
        {"SCAN of nothing left",
         {{"SET", "k", "1"}},
         {"DEL", "k"},
         {{"SCAN", "0", "COUNT", "100000"}}},
        {"KEYS", {}, {"SET", "k", "1"}, {{"KEYS", "*"}}},
        {"KEYS of nothing left", {{"SET", "k", "1"}}, {"DEL", "k"}, {{"KEYS", "*"}}},
        {"RANDOMKEY", {}, {"SET", "k", "1"}, {{"RANDOMKEY"}}},
        {"RANDOMKEY of nothing left", {{"SET", "k", "1"}}, {"DEL", "k"}, {{"RANDOMKEY"}}},
        {"DBSIZE", {}, {"SET", "k", "1"}, {{"DBSIZE"}}},
        {"DBSIZE of FLUSHALL", {{"SET", "k", "1"}}, {"FLUSHALL"}, {{"DBSIZE"}}},
        {"DBSIZE in a transaction", {}, {"SET", "k", "1"}, {{"MULTI"}, {"DBSIZE"}, {"EXEC"}}},
        {"GET in a transaction", {}, {"SET", "k", "1"}, {{"MULTI"}, {"GET", "k"}, {"EXEC"}}},
        {"GET of FLUSHALL", {{"SET", "k", "1"}}, {"FLUSHALL"}, {{"GET", "k"}}},
        {"GET of SWAPDB", {{"SET", "k", "1"}}, {"SWAPDB", "0", "1"}, {{"GET", "k"}}},
        {"EXEC that fails", {}, {"SET", "k", "1"}, {{"MULTI"}, {"INCR", "k"}, {"EXEC"}}},
        {"OBJECT ENCODING", {}, {"SET", "k", "1"}, {{"OBJECT", "ENCODING", "k"}}},
        {"SORT", {}, {"RPUSH", "k", "1"}, {{"SORT", "k"}}},
        {"DUMP", {}, {"SET", "k", "1"}, {{"DUMP", "k"}}},
        {"a write that changes nothing", {}, {"SET", "k", "1"}, {{"SETNX", "k", "2"}}},
        {"BLPOP of what is there", {}, {"RPUSH", "k", "1"}, {{"BLPOP", "k", "0"}}},
    };
    start();
    for (const Row &row : rows) {
        SCOPED_TRACE(row.name);
        Client writer = client(), reader = client();
        writer.call({"FLUSHALL"});
        for (const Args &command : row.before)
            writer.call(command);
        hold_syncs();
        writer.send(row.change);
        until_a_sync_waits();
        std::string all;
        for (const Args &command : row.shows)
            all += encode(command);
        reader.send(all);
        EXPECT_FALSE(answered(reader));
        EXPECT_FALSE(answered(writer));
        let_all_through();
        writer.read_raw();
        for (size_t i = 0; i < row.shows.size(); i++)
            reader.read_raw();
        witness_->call({"FLUSHALL"}); /* answered: no sync is under way */
        forget_syncs();
    }
}

TEST_F(Durable, AServedClientIsToldOnceItIsDurable)
{
    start();
    Client waits = client(), pushes = client();
    waits.send(Args{"BLPOP", "list", "0"});
    while (witness_->call({"INFO", "clients"}).text.find("blocked_clients:1") ==
           std::string::npos) {
    }
    hold_syncs();
    pushes.send(Args{"RPUSH", "list", "element"});
    until_a_sync_waits();
    EXPECT_FALSE(answered(waits));
    EXPECT_FALSE(answered(pushes));
    let_all_through();
    EXPECT_EQ(waits.read().items.at(1).text, "element");
    EXPECT_EQ(pushes.read_raw(), ":1\r\n");
}

/* The end comes behind what is held. */
TEST_F(Durable, TheLastRepliesAreSentBeforeTheEnd)
{
    start();
    for (const bool quits : {true, false}) {
        Client c = client();
        hold_syncs();
        c.send(Args{"SET", "a", quits ? "1" : "2"});
        until_a_sync_waits();
        if (quits)
            c.send(Args{"QUIT"});
        else
            c.shut_write();
        EXPECT_FALSE(answered(c));
        let_all_through();
        EXPECT_EQ(c.read_to_end(), quits ? "+OK\r\n+OK\r\n" : "+OK\r\n");
        forget_syncs();
    }
}

/* A disk that is stuck is no way round the limit. */
TEST_F(Durable, WhatIsHeldCountsAgainstTheOutputLimit)
{
    start({"--client-output-buffer-limit", "normal 1mb 0 0"});
    const std::string value(100'000, 'x');
    EXPECT_EQ(witness_->call_raw({"SET", "large", value}), "+OK\r\n");
    Client asks = client();
    hold_syncs();
    asks.send(Args{"APPEND", "large", "y"});
    until_a_sync_waits();
    for (int i = 0; i < 5; i++)
        asks.send(Args{"GET", "large"});
    EXPECT_FALSE(answered(asks));
    std::string more; // at once: the limit ends the connection amid them
    for (int i = 0; i < 8; i++)
        more += "GET large\r\n";
    asks.send(more);
    EXPECT_EQ(asks.read_to_end(), "");
    let_all_through();
    EXPECT_NE(
        witness_->call({"INFO", "stats"}).text.find("client_output_buffer_limit_disconnections:1"),
        std::string::npos);
}

/* Stopping waits for the disk with the answers. */
TEST_F(Durable, AnswersThatAreHeldStillComeWhenTheServerStops)
{
    start();
    Client c = client();
    hold_syncs();
    c.send(Args{"SET", "a", "1"});
    until_a_sync_waits();
    stop();
    let_all_through();
    EXPECT_EQ(c.read_to_end(), "+OK\r\n");
}

} // namespace
