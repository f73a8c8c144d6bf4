/* server.cc — start, wait until it serves, stop, and look at how it ended. */
#include "tests/support/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>

namespace lk
{

namespace
{

std::string environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

bool can_bind(int port)
{
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool ok = bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof(address)) == 0;
    close(fd);
    return ok;
}

} // namespace

TempDir::TempDir()
{
    std::string name = (std::filesystem::temp_directory_path() / "latchkey-XXXXXX").string();
    if (!mkdtemp(name.data()))
        throw std::runtime_error("mkdtemp " + name);
    path_ = name;
}

TempDir::~TempDir()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Args tested_program()
{
#ifndef LATCHKEY_SERVER_PATH
#define LATCHKEY_SERVER_PATH ""
#endif
    Args program = {environment("LATCHKEY_SERVER_PATH", LATCHKEY_SERVER_PATH)};
    const std::string backend = environment("LATCHKEY_TEST_BACKEND", "");
    if (!backend.empty())
        program.insert(program.end(), {"--io-backend", backend});
    return program;
}

Args oracle_program()
{
    return {environment("LATCHKEY_TEST_ORACLE", "/usr/bin/redis-server")};
}

int free_port()
{
    /* No seed: programs that run beside each other must not try the same ports. */
    static std::mt19937 random{std::random_device{}()};
    for (int i = 0; i < 1000; i++) {
        /* A bus is 10000 above: that is no port that connections take, too. */
        const int port = 10000 + static_cast<int>(random() % 10000);
        if (can_bind(port) && can_bind(port + 10000))
            return port;
    }
    throw std::runtime_error("no free port");
}

static const char READY[] = "eady to accept connections";

std::unique_ptr<Server> Server::start(const Args &program, const Directives &directives,
                                      const char *sign)
{
    /* Another program may take the port between the look and the start. */
    for (int attempt = 0; attempt < 5; attempt++) {
        std::unique_ptr<Server> server(new Server);
        server->port_ = free_port();
        Args argv = program;
        const auto add = [&](const Args &directive) {
            argv.push_back("--" + directive[0]);
            argv.insert(argv.end(), directive.begin() + 1, directive.end());
        };
        add({"port", std::to_string(server->port_)});
        add({"bind", "127.0.0.1"});
        add({"dir", server->directory()});
        add({"save", ""});
        for (const Args &directive : directives)
            add(directive);
        server->process_ =
            std::make_unique<Process>(argv, Process::Options{server->directory(), ""});
        if (server->process_->wait_output(sign)) {
            /* Any answer will do: it may ask for a password. */
            server->connect().call_raw({"PING"});
            return server;
        }
        server->stopped_ = true;
        if (server->log().find("Failed listening on port") == std::string::npos)
            throw std::runtime_error("did not start: " + printable(argv) + "\n" + server->log());
    }
    throw std::runtime_error("found no port to start on: " + program[0]);
}

std::unique_ptr<Server> Server::tested(const Directives &directives)
{
    return start(tested_program(), directives, READY);
}

std::unique_ptr<Server> Server::loading(const Directives &directives)
{
    return start(tested_program(), directives, "Server initialized");
}

std::unique_ptr<Server> Server::oracle(const Directives &directives)
{
    return start(oracle_program(), directives, READY);
}

Client Server::connect(int resp) const
{
    Client client = Client::tcp(port_);
    if (resp != 2)
        client.call_raw({"HELLO", std::to_string(resp)});
    return client;
}

Client Server::connect_unix() const
{
    return Client::unix_path(socket_path());
}

int Server::stop()
{
    /* As the reference server does: the first base of its append-only file is being written. */
    static const std::string refusal = "Writing initial AOF, can't exit.";
    const auto until = std::chrono::steady_clock::now() + kPatience;
    std::optional<int> code;
    size_t heard = 0;
    stopped_ = true;
    process_->signal(SIGTERM);
    do {
        code = process_->wait_exit(Milliseconds(200));
        const size_t at = code ? std::string::npos : log().find(refusal, heard);
        if (at != std::string::npos) {
            heard = at + 1;
            process_->signal(SIGTERM);
        }
    } while (!code && std::chrono::steady_clock::now() < until);
    if (code)
        return *code;
    ADD_FAILURE() << "the server goes on\n" << log();
    process_->signal(SIGKILL);
    return -1;
}

void Server::kill()
{
    stopped_ = true;
    process_->signal(SIGKILL);
    process_->wait_exit();
}

Server::~Server()
{
    if (!process_)
        return;
    if (!stopped_) {
        const int code = stop();
        if (code != 0)
            ADD_FAILURE() << "the server ended with " << code << "\n" << log();
    }
    for (const char *report : {"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
                               "WARNING: ThreadSanitizer", "runtime error:"}) {
        if (log().find(report) != std::string::npos)
            ADD_FAILURE() << "in the server's log: " << report << "\n" << log();
    }
}

} // namespace lk
