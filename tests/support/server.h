/*
 * server.h — a server under test, and the reference server beside it.
 *
 * Each one has a free loopback port and a directory of its own, and is gone with its object.  A
 * server that ends badly or whose log holds a sanitizer's report fails the test that stops it.
 *
 * Environment
 *   LATCHKEY_SERVER_PATH    the program under test, in place of the one built beside the tests
 *   LATCHKEY_TEST_BACKEND   uring or epoll: passed on as --io-backend
 *   LATCHKEY_TEST_ORACLE    the reference server; default /usr/bin/redis-server
 */
#ifndef LK_TEST_SERVER_H
#define LK_TEST_SERVER_H

#include "tests/support/client.h"
#include "tests/support/process.h"

#include <memory>
#include <string>
#include <vector>

namespace lk
{

/* A directory of its own, removed with all it holds. */
class TempDir
{
  public:
    TempDir();
    TempDir(const TempDir &) = delete;
    TempDir &operator=(const TempDir &) = delete;
    ~TempDir();
    const std::string &path() const
    {
        return path_;
    }

  private:
    std::string path_;
};

/* The program under test and the arguments that every start of it needs. */
Args tested_program();
Args oracle_program();

/* A loopback port that nobody listens on, outside the range that connections take theirs from. */
int free_port();

class Server
{
  public:
    /* Each directive is its name and its values: {"save", ""}, {"maxclients", "10"}. */
    using Directives = std::vector<Args>;

    static std::unique_ptr<Server> tested(const Directives &directives = {});
    /* It listens, and may be loading yet. */
    static std::unique_ptr<Server> loading(const Directives &directives = {});
    static std::unique_ptr<Server> oracle(const Directives &directives = {});
    ~Server();

    int port() const
    {
        return port_;
    }
    const std::string &directory() const
    {
        return directory_.path();
    }
    std::string socket_path() const
    {
        return directory() + "/s";
    }
    Process &process()
    {
        return *process_;
    }
    std::string log() const
    {
        return process_->output();
    }
    Client connect(int resp = 2) const;
    Client connect_unix() const;

    /* Asks it to stop and answers its exit code, -1 if it had to be killed. */
    int stop();
    /* Ends it in the middle of what it does. */
    void kill();

  private:
    Server() = default;
    static std::unique_ptr<Server> start(const Args &program, const Directives &directives,
                                         const char *sign);

    TempDir directory_;
    int port_ = 0;
    std::unique_ptr<Process> process_;
    bool stopped_ = false;
};

} // namespace lk

#endif
