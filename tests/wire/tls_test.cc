/*
 * tls_test.cc — TLS as clients of this world speak it: redis-cli, Python, libssl by hand.
 */
#include "tests/support/certificates.h"
#include "tests/support/network.h"
#include "tests/support/server.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace
{

using namespace lk;

class TlsWire : public testing::Test
{
  protected:
    TlsWire() : certificates_(dir_.path())
    {
    }

    Server::Directives with_tls(const Server::Directives &more = {})
    {
        port_ = free_port();
        Server::Directives all = {{"tls-port", std::to_string(port_)},
                                  {"tls-cert-file", certificates_.crt("server")},
                                  {"tls-key-file", certificates_.key("server")},
                                  {"tls-ca-cert-file", certificates_.crt("ca")}};
        all.insert(all.end(), more.begin(), more.end());
        return all;
    }

    Outcome cli(const Args &more, bool certificate = true) const
    {
        Args args = {"redis-cli",
                     "-p",
                     std::to_string(port_),
                     "--tls",
                     "--cacert",
                     certificates_.crt("ca"),
                     "--no-auth-warning"};
        if (certificate)
            args.insert(args.end(), {"--cert", certificates_.crt("client"), "--key",
                                     certificates_.key("client")});
        args.insert(args.end(), more.begin(), more.end());
        return run_program(args);
    }

    static bool has(const std::string &text, const std::string &part)
    {
        return text.find(part) != std::string::npos;
    }

    TempDir dir_;
    Certificates certificates_;
    int port_ = 0;
};

TEST_F(TlsWire, RedisCliAndWhoIsLetIn)
{
    const auto server = Server::tested(with_tls());
    EXPECT_EQ(cli({"ping"}).output, "PONG\n");
    EXPECT_EQ(cli({"set", "k", "v"}).output, "OK\n");
    EXPECT_EQ(cli({"get", "k"}).output, "v\n");
    EXPECT_FALSE(has(cli({"ping"}, false).output, "PONG"));
    Client plain = server->connect();
    EXPECT_EQ(plain.call({"get", "k"}).text, "v");
    EXPECT_EQ(plain.call({"config", "set", "tls-auth-clients", "optional"}).text, "OK");
    EXPECT_EQ(cli({"ping"}, false).output, "PONG\n");
    EXPECT_EQ(plain.call({"config", "set", "tls-auth-clients", "yes"}).text, "OK");
    EXPECT_FALSE(has(cli({"ping"}, false).output, "PONG"));
    EXPECT_TRUE(has(cli({"info", "server"}).output,
                    "name=tls,bind=127.0.0.1,port=" + std::to_string(port_)));
    /* A client that speaks no TLS is not served there. */
    Client wrong = Client::tcp(port_);
    wrong.send("PING\r\n");
    EXPECT_FALSE(has(wrong.read_to_end(), "PONG"));
    EXPECT_EQ(server->stop(), 0);
}

/* How long certificates hold is told, so that somebody may be woken in time. */
TEST_F(TlsWire, InfoKnowsWhenCertificatesEnd)
{
    const auto number = [](const std::string &info, const std::string &name) {
        const size_t at = info.find(name + ":");
        return at == std::string::npos ? -1 : std::atol(info.c_str() + at + name.size() + 1);
    };
    const auto server = Server::tested(with_tls());
    Client c = server->connect();
    const std::string first = c.call({"info"}).text;
    EXPECT_TRUE(has(first, "# TLS\r\ntls_server_cert_serial:"));
    for (const char *whose : {"server", "client", "ca"}) {
        const std::string name = std::string("tls_") + whose + "_cert_expires_in_seconds";
        EXPECT_GT(number(first, name), 0) << whose;
        EXPECT_LE(number(first, name), 24 * 3600) << whose;
        EXPECT_FALSE(has(first, std::string("tls_") + whose + "_cert_serial:none"));
    }
    Certificates::Options longer;
    longer.until_s = 1'000'000;
    certificates_.make("longer", longer);
    EXPECT_EQ(c.call({"config", "set", "tls-cert-file", certificates_.crt("longer"), "tls-key-file",
                      certificates_.key("longer")})
                  .text,
              "OK");
    const std::string second = c.call({"info", "tls"}).text;
    EXPECT_GT(number(second, "tls_server_cert_expires_in_seconds"), 24 * 3600);
    EXPECT_LE(number(second, "tls_server_cert_expires_in_seconds"), 1'000'000);
    EXPECT_EQ(server->stop(), 0);
    /* Without TLS there are none, and nobody hears of them who did not ask. */
    const auto plain = Server::tested();
    Client p = plain->connect();
    EXPECT_FALSE(has(p.call({"info", "everything"}).text, "# TLS"));
    const std::string none = p.call({"info", "tls"}).text;
    EXPECT_TRUE(has(none, "tls_server_cert_serial:none\r\n"));
    EXPECT_EQ(number(none, "tls_ca_cert_expires_in_seconds"), 0);
}

TEST_F(TlsWire, TheOnlyPort)
{
    Args program = tested_program();
    for (const Args &d : with_tls({{"port", "0"}, {"bind", "127.0.0.1"}, {"save", ""}})) {
        program.push_back("--" + d[0]);
        program.push_back(d[1]);
    }
    Process server(program, {dir_.path(), ""});
    ASSERT_TRUE(server.wait_output("Ready to accept connections tls"));
    EXPECT_EQ(cli({"ping"}).output, "PONG\n");
    EXPECT_TRUE(has(cli({"info", "server"}).output, "tcp_port:" + std::to_string(port_)));
    cli({"shutdown", "nosave"});
    EXPECT_EQ(server.wait_exit(), 0);
}

TEST_F(TlsWire, LargeValuesBothWays)
{
    const auto server = Server::tested(with_tls());
    const std::string script = R"(
import socket, ssl, sys
d, port = sys.argv[1], int(sys.argv[2])
c = ssl.create_default_context(cafile=d + '/ca.crt')
c.load_cert_chain(d + '/client.crt', d + '/client.key')
s = c.wrap_socket(socket.create_connection(('127.0.0.1', port)), server_hostname='localhost')
f = s.makefile('rwb')
v = bytes(range(256)) * 12000
f.write(b'*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$%d\r\n' % len(v) + v + b'\r\n')
f.write(b'*2\r\n$3\r\nGET\r\n$1\r\nk\r\n' * 4)
f.flush()
want = b'+OK\r\n' + (b'$%d\r\n' % len(v) + v + b'\r\n') * 4
print('same' if f.read(len(want)) == want else 'other', s.version())
n = 20000
for i in range(n): f.write(b'*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n')
f.flush()
print(sum(f.readline() == b':%d\r\n' % (i + 1) for i in range(n)))
f.write(b'*1\r\n$4\r\nQUIT\r\n')
f.flush()
print(f.read())
)";
    EXPECT_EQ(run_program({"python3", "-c", script, dir_.path(), std::to_string(port_)}).output,
              "same TLSv1.3\n20000\nb'+OK\\r\\n'\n");
}

TEST_F(TlsWire, ABadCertificateChangesNothing)
{
    const auto server = Server::tested(with_tls());
    Client c = server->connect();
    certificates_.make("other");
    const std::string refused = "CONFIG SET failed (possibly related to argument 'tls-cert-file') "
                                "- Unable to update TLS configuration. Check server logs.";
    EXPECT_EQ(c.call({"config", "set", "tls-cert-file", certificates_.crt("other")}).text,
              "ERR " + refused);
    EXPECT_TRUE(server->process().wait_output("Failed to load private key: " +
                                              certificates_.key("server")));
    EXPECT_EQ(c.call({"config", "get", "tls-cert-file"}).items.at(1).text,
              certificates_.crt("server"));
    EXPECT_EQ(cli({"ping"}).output, "PONG\n");
    EXPECT_EQ(c.call({"config", "set", "tls-cert-file", certificates_.crt("other"), "tls-key-file",
                      certificates_.key("other")})
                  .text,
              "OK");
    EXPECT_EQ(cli({"ping"}).output, "PONG\n");
    /* The same names, and other files: set again, they are read again. */
    std::filesystem::remove(certificates_.crt("other"));
    EXPECT_EQ(c.call({"config", "set", "tls-cert-file", certificates_.crt("other")}).text,
              "ERR " + refused);
    EXPECT_EQ(cli({"ping"}).output, "PONG\n");
}

TEST_F(TlsWire, PortsMoveWhileItRuns)
{
    const auto server = Server::tested(with_tls({{"tls-auth-clients", "no"}}));
    Client c = server->connect();
    const auto set = [&](const Args &pairs) {
        Args words = {"config", "set"};
        words.insert(words.end(), pairs.begin(), pairs.end());
        return c.call(words).text;
    };
    const int first = port_, second = free_port();
    /* TLS and plain change places on one port, in a hurry. */
    for (int i = 0; i < 10; i++) {
        EXPECT_EQ(set({"tls-port", "0"}), "OK");
        EXPECT_EQ(set({"port", std::to_string(first)}), "OK");
        Client plain = Client::tcp(first);
        EXPECT_TRUE(plain.ping());
        EXPECT_EQ(set({"port", "0"}), "OK");
        EXPECT_EQ(set({"tls-port", std::to_string(first)}), "OK");
        EXPECT_EQ(cli({"ping"}).output, "PONG\n");
        EXPECT_TRUE(plain.ping()) << "who is there stays";
    }
    EXPECT_EQ(set({"port", std::to_string(second), "bind", "127.0.0.1 -::1"}), "OK");
    EXPECT_TRUE(Client::tcp(second).ping());
    /* Somebody else's port: what was listened on before is listened on again. */
    const auto other = Server::tested();
    EXPECT_EQ(set({"tls-port", std::to_string(other->port())}),
              "ERR CONFIG SET failed (possibly related to argument 'tls-port') - Unable to listen "
              "on this port. Check server logs.");
    EXPECT_EQ(cli({"ping"}).output, "PONG\n");
    EXPECT_EQ(set({"bind", "203.0.113.1"}),
              "ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to "
              "specified addresses.");
    EXPECT_TRUE(Client::tcp(second).ping());
    EXPECT_EQ(cli({"ping"}).output, "PONG\n");
}

TEST_F(TlsWire, ABadStart)
{
    Args program = tested_program();
    const Args more = {"--port",
                       "0",
                       "--tls-port",
                       std::to_string(free_port()),
                       "--tls-cert-file",
                       "/none",
                       "--tls-key-file",
                       "/none",
                       "--tls-auth-clients",
                       "no"};
    program.insert(program.end(), more.begin(), more.end());
    const Outcome o = run_program(program);
    EXPECT_EQ(o.exit_code, 1);
    EXPECT_TRUE(has(o.output, "Failed to load certificate: /none: error:80000002:system "
                              "library::No such file or directory"))
        << o.output;
    EXPECT_TRUE(has(o.output, "Failed to configure TLS. Check logs for more info."));
}

/* Clients that shake hands and go, while others work: nothing is lost and nothing is left. */
TEST_F(TlsWire, ComingAndGoing)
{
    enum { THREADS = 4, ROUNDS = 40 };
    const auto server = Server::tested(with_tls({{"tls-auth-clients", "no"}, {"io-threads", "3"}}));
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    for (int t = 0; t < THREADS; t++)
        threads.emplace_back([&, t] {
            for (int i = 0; i < ROUNDS; i++) {
                Client c = Client::tcp(port_);
                fcntl(c.fd(), F_SETFL, fcntl(c.fd(), F_GETFL) & ~O_NONBLOCK);
                SSL *ssl = SSL_new(context);
                SSL_set_fd(ssl, c.fd());
                char reply[8] = "";
                if (i % 4 == 3) /* hangs up in the middle of it */
                    c.send("\x16\x03\x01");
                else if (SSL_connect(ssl) == 1 && SSL_write(ssl, "PING\r\n", 6) == 6 &&
                         SSL_read(ssl, reply, sizeof reply) == 7)
                    good += std::string(reply, 7) == "+PONG\r\n";
                if ((i + t) % 2)
                    SSL_shutdown(ssl);
                SSL_free(ssl);
            }
        });
    for (auto &t : threads)
        t.join();
    SSL_CTX_free(context);
    EXPECT_EQ(good, THREADS * ROUNDS * 3 / 4);
    EXPECT_EQ(cli({"config", "set", "tls-session-caching", "no"}).output, "OK\n");
    EXPECT_EQ(server->stop(), 0);
}

/* Protected mode tells a stranger why, behind the handshake, and hangs up. */
TEST_F(TlsWire, AStrangerIsToldWhy)
{
    static const char stranger[] = "10.77.1.1";
    const int ns = new_network();
    if (ns < 0)
        GTEST_SKIP() << "network namespaces are not permitted here";
    const Inside in(ns);
    close(ns);
    for (const Args &words : {Args{"link", "set", "lo", "up"},
                              Args{"addr", "add", std::string(stranger) + "/32", "dev", "lo"}}) {
        Args argv = {"/usr/bin/env", "ip"};
        argv.insert(argv.end(), words.begin(), words.end());
        if (run_program(argv).exit_code != 0)
            GTEST_SKIP() << "no program `ip` here";
    }
    const auto server = Server::tested(
        with_tls({{"tls-auth-clients", "no"}, {"bind", "*"}, {"protected-mode", "yes"}}));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    inet_pton(AF_INET, stranger, &at.sin_addr);
    at.sin_port = htons(static_cast<uint16_t>(port_));
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(connect(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at), 0);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    EXPECT_EQ(SSL_connect(ssl), 1);
    std::string told;
    char some[256];
    for (int n; (n = SSL_read(ssl, some, sizeof some)) > 0;)
        told.append(some, static_cast<size_t>(n));
    EXPECT_EQ(told.rfind("-DENIED ", 0), 0u) << told;
    EXPECT_EQ(told.substr(told.size() < 2 ? 0 : told.size() - 2), "\r\n");
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
    EXPECT_EQ(cli({"ping"}).output, "PONG\n"); /* over the loopback */
    EXPECT_TRUE(has(cli({"info", "stats"}).output, "rejected_connections:1\r\n"));
}

/* With tls-cluster MIGRATE speaks TLS, also amid a transaction. */
TEST_F(TlsWire, KeysMoveToTheReferenceServer)
{
    const auto other = Server::oracle(with_tls());
    const std::string to = std::to_string(port_);
    const auto server = Server::tested(with_tls({{"tls-cluster", "yes"}}));
    Client c = server->connect(), o = other->connect();
    const std::string large(3'000'000, 'x');
    c.call({"mset", "large", large, "one", "1", "two", "2", "three", "3", "four", "4"});
    const auto migrate = [&](const std::string &key) {
        return Args{"migrate", "127.0.0.1", to, key, "0", "20000"};
    };
    EXPECT_EQ(c.call_raw(migrate("large")), "+OK\r\n");
    EXPECT_EQ(c.call_raw(migrate("one")), "+OK\r\n");
    EXPECT_EQ(o.call({"get", "large"}).text, large);
    EXPECT_EQ(o.call({"get", "one"}).text, "1");
    EXPECT_EQ(c.call_raw({"exists", "large", "one"}), ":0\r\n");
    c.call({"multi"});
    c.call(migrate("two"));
    EXPECT_EQ(c.call_raw({"exec"}), "*1\r\n+OK\r\n");
    EXPECT_EQ(o.call({"get", "two"}).text, "2");
    /* Plain bytes and TLS do not share a connection. */
    EXPECT_EQ(c.call({"config", "set", "tls-cluster", "no"}).text, "OK");
    EXPECT_EQ(c.call(migrate("three")).text.rfind("IOERR ", 0), 0u);
    EXPECT_EQ(c.call({"config", "set", "tls-cluster", "yes"}).text, "OK");
    EXPECT_EQ(c.call_raw(migrate("three")), "+OK\r\n");
    /* Nobody vouches for the other one. */
    certificates_.make("stranger", [] {
        Certificates::Options own;
        own.signer = "stranger";
        own.authority = true;
        return own;
    }());
    c.call({"config", "set", "tls-ca-cert-file", certificates_.crt("stranger")});
    c.call({"multi"}); /* which takes no connection that is there */
    c.call(migrate("four"));
    EXPECT_EQ(c.call_raw({"exec"}), "*1\r\n-IOERR error or timeout connecting to the client\r\n");
    EXPECT_EQ(c.call_raw({"exists", "four"}), ":1\r\n");
}

/* The link to a master speaks TLS, and only with one that the authority vouches for. */
TEST_F(TlsWire, AReplicaOfTheReferenceServer)
{
    const auto master = Server::oracle(with_tls({{"repl-diskless-sync-delay", "0"}}));
    const int master_port = port_;
    Client m = master->connect();
    const std::string large(300'000, 'x');
    EXPECT_EQ(m.call({"set", "before", large}).text, "OK");
    const auto replica =
        Server::tested(with_tls({{"tls-replication", "yes"}, {"tls-auth-clients", "no"}}));
    Client r = replica->connect();
    EXPECT_EQ(r.call({"replicaof", "127.0.0.1", std::to_string(master_port)}).text, "OK");
    EXPECT_EQ(m.call({"set", "after", "1"}).text, "OK");
    const auto until = [&](const Args &ask, const std::string &want) {
        /* The data go to a file and to the disk first, which may have much else to write. */
        const auto end = std::chrono::steady_clock::now() + 4 * kPatience;
        while (r.call(ask).text != want && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        EXPECT_EQ(r.call(ask).text, want) << replica->log() << master->log();
    };
    until({"get", "before"}, large);
    m.pipeline(std::vector<Args>(200, Args{"incrby", "after", "2"}));
    until({"get", "after"}, "401");
    EXPECT_TRUE(has(m.call({"info", "replication"}).text, "port=" + std::to_string(port_)));
    /* A stranger's authority: what the master shows is worth nothing. */
    Certificates::Options own;
    own.signer = "stranger";
    own.authority = true;
    certificates_.make("stranger", own);
    EXPECT_EQ(r.call({"config", "set", "tls-ca-cert-file", certificates_.crt("stranger")}).text,
              "OK");
    EXPECT_EQ(r.call({"replicaof", "no", "one"}).text, "OK");
    EXPECT_EQ(r.call({"replicaof", "127.0.0.1", std::to_string(master_port)}).text, "OK");
    EXPECT_TRUE(replica->process().wait_output("certificate verify failed"));
    EXPECT_TRUE(has(r.call({"info", "replication"}).text, "master_link_status:down"));
}

} // namespace
