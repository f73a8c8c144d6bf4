// Bind addresses, their failures and log lines; Unix sockets; what accepted sockets are told and
// asked.
#include "core/base/trace.h"
#include "io/net/listen.h"
#include "io/net/socket.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace
{

class ListenTest : public testing::Test
{
  protected:
    void SetUp() override
    {
        char name[] = "/tmp/listen-test-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        dir = name;
        trace_set_file((dir + "/log").c_str());
    }

    void TearDown() override
    {
        trace_set_file("");
        listen_close(&set);
        for (const char *file : {"/log", "/s", "/file"})
            unlink((dir + file).c_str());
        EXPECT_EQ(rmdir(dir.c_str()), 0);
    }

    std::string logged() const
    {
        std::ifstream in(dir + "/log");
        std::stringstream s;
        s << in.rdbuf();
        return s.str();
    }

    int local(const std::string &path, mode_t mode, const char *group = nullptr)
    {
        const listen_unix_config config = {path.c_str(), group, mode, 511};
        return listen_unix(&set, &config);
    }

    int tcp(const std::vector<const char *> &addresses, uint16_t port, const char *kind = "tcp")
    {
        const listen_tcp_config config = {
            addresses.data(), addresses.size(), port, 511, 0, kind, 0};
        return listen_tcp(&set, &config);
    }

    // A port that was free a moment ago.
    static uint16_t free_port()
    {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in a{};
        a.sin_family = AF_INET;
        socklen_t size = sizeof a;
        EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr *>(&a), size), 0);
        EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr *>(&a), &size), 0);
        close(fd);
        return ntohs(a.sin_port);
    }

    static bool has_ipv6()
    {
        const int fd = socket(AF_INET6, SOCK_STREAM, 0);
        sockaddr_in6 a{};
        a.sin6_family = AF_INET6;
        a.sin6_addr = in6addr_loopback;
        const bool yes = fd >= 0 && bind(fd, reinterpret_cast<sockaddr *>(&a), sizeof a) == 0;
        if (fd >= 0)
            close(fd);
        return yes;
    }

    static int dial4(uint16_t port)
    {
        const int fd = socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in a{};
        a.sin_family = AF_INET;
        a.sin_port = htons(port);
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr *>(&a), sizeof a), 0) << strerror(errno);
        return fd;
    }

    static int dial6(uint16_t port)
    {
        const int fd = socket(AF_INET6, SOCK_STREAM, 0);
        sockaddr_in6 a{};
        a.sin6_family = AF_INET6;
        a.sin6_port = htons(port);
        a.sin6_addr = in6addr_loopback;
        EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr *>(&a), sizeof a), 0) << strerror(errno);
        return fd;
    }

    static int dial_unix(const std::string &path)
    {
        const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un a{};
        a.sun_family = AF_UNIX;
        memcpy(a.sun_path, path.c_str(), path.size() + 1);
        EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr *>(&a), sizeof a), 0) << strerror(errno);
        return fd;
    }

    static std::string peer(int fd)
    {
        char s[SOCKET_NAME_CHARS];
        return std::string(s, socket_peer_name(fd, s, sizeof s));
    }

    static std::string own(int fd)
    {
        char s[SOCKET_NAME_CHARS];
        return std::string(s, socket_own_name(fd, s, sizeof s));
    }

    static int option(int fd, int level, int name)
    {
        int v = -1;
        socklen_t size = sizeof v;
        EXPECT_EQ(getsockopt(fd, level, name, &v, &size), 0);
        return v;
    }

    std::string dir;
    listen_set set{};
};

TEST_F(ListenTest, ListensOnLoopback)
{
    const uint16_t port = free_port();
    ASSERT_EQ(tcp({"127.0.0.1"}, port), 0) << logged();
    ASSERT_EQ(set.count, 1u);
    EXPECT_TRUE(fcntl(set.fd[0], F_GETFL) & O_NONBLOCK);
    EXPECT_TRUE(fcntl(set.fd[0], F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(option(set.fd[0], SOL_SOCKET, SO_ACCEPTCONN), 1);

    const int client = dial4(port);
    const int fd = accept(set.fd[0], nullptr, nullptr);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(own(fd), "127.0.0.1:" + std::to_string(port));
    EXPECT_EQ(peer(fd), own(client));
    EXPECT_EQ(peer(client), own(fd));
    EXPECT_TRUE(socket_is_local(fd));
    close(fd);
    close(client);
    EXPECT_EQ(logged(), "");
}

TEST_F(ListenTest, AllOfBothFamiliesStandSideBySide)
{
    if (!has_ipv6())
        GTEST_SKIP() << "no IPv6 here";
    const uint16_t port = free_port();
    ASSERT_EQ(tcp({"*", "::*"}, port), 0) << logged();
    ASSERT_EQ(set.count, 2u);
    EXPECT_EQ(own(set.fd[0]), "0.0.0.0:" + std::to_string(port));
    EXPECT_EQ(own(set.fd[1]), "[::]:" + std::to_string(port));
    EXPECT_EQ(option(set.fd[1], IPPROTO_IPV6, IPV6_V6ONLY), 1);
    const int client = dial6(port);
    const int fd = accept(set.fd[1], nullptr, nullptr);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(own(fd), "[::1]:" + std::to_string(port));
    EXPECT_EQ(peer(fd), own(client));
    EXPECT_TRUE(socket_is_local(fd));
    close(fd);
    close(client);
}

TEST_F(ListenTest, TakesNames)
{
    const uint16_t port = free_port();
    ASSERT_EQ(tcp({"localhost"}, port), 0) << logged();
    close(dial4(port));
}

TEST_F(ListenTest, NoPortAndNoAddressMeanNoSocket)
{
    EXPECT_EQ(tcp({"127.0.0.1"}, 0), 0);
    EXPECT_EQ(tcp({}, free_port()), 0);
    EXPECT_EQ(set.count, 0u);
    EXPECT_EQ(logged(), "");
}

// 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
TEST_F(ListenTest, OptionalAddressesMayBeMissing)
{
    const uint16_t port = free_port();
    ASSERT_EQ(tcp({"-192.0.2.1", "127.0.0.1"}, port), 0) << logged();
    EXPECT_EQ(set.count, 1u);
    EXPECT_NE(logged().find("# Warning: Could not create server TCP listening socket 192.0.2.1:" +
                            std::to_string(port) + ": bind: Cannot assign requested address"),
              std::string::npos)
        << logged();
    EXPECT_EQ(logged().find("Failed listening"), std::string::npos);
}

TEST_F(ListenTest, MissingAddressFailsAndClosesTheRest)
{
    const uint16_t port = free_port();
    EXPECT_EQ(tcp({"127.0.0.1", "192.0.2.1"}, port), -EADDRNOTAVAIL);
    EXPECT_EQ(set.count, 0u);
    EXPECT_NE(
        logged().find("# Failed listening on port " + std::to_string(port) + " (tcp), aborting."),
        std::string::npos)
        << logged();
    ASSERT_EQ(tcp({"127.0.0.1"}, port), 0) << "the first socket was closed";
}

TEST_F(ListenTest, PortInUseFailsEvenIfOptional)
{
    const uint16_t port = free_port();
    ASSERT_EQ(tcp({"127.0.0.1"}, port), 0);
    listen_set other{};
    const char *address = "-127.0.0.1";
    const listen_tcp_config config = {&address, 1, port, 511, 0, "tls", 10};
    EXPECT_EQ(listen_tcp(&other, &config), -EADDRINUSE);
    EXPECT_NE(logged().find("127.0.0.1:" + std::to_string(port) + ": bind: Address already in use"),
              std::string::npos);
    EXPECT_NE(logged().find("(tls), aborting."), std::string::npos);
}

// A process that was killed: its port becomes free a little later, while we try.
TEST_F(ListenTest, WaitsForAPortThatIsAboutToBeFree)
{
    const uint16_t port = free_port();
    listen_set held{};
    const char *address = "127.0.0.1";
    listen_tcp_config config = {&address, 1, port, 511, 0, "tcp", 0};
    ASSERT_EQ(listen_tcp(&held, &config), 0);
    EXPECT_EQ(listen_tcp(&set, &config), -EADDRINUSE);
    std::thread freer([&held] {
        usleep(100 * 1000);
        listen_close(&held);
    });
    config.patience_ms = 10000;
    EXPECT_EQ(listen_tcp(&set, &config), 0) << logged();
    freer.join();
    EXPECT_EQ(set.count, 1u);
}

TEST_F(ListenTest, NonsenseIsNoAddress)
{
    EXPECT_LT(tcp({"not an address"}, free_port()), 0);
    EXPECT_NE(logged().find("Could not create server TCP listening socket not an address:"),
              std::string::npos);
}

TEST_F(ListenTest, UnixSocketHasItsRightsAndReplacesAStaleOne)
{
    const std::string path = dir + "/s";
    const mode_t old = umask(0077);
    ASSERT_EQ(local(path, 0766), 0) << logged();
    struct stat st;
    ASSERT_EQ(stat(path.c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0766u);
    listen_close(&set); // as after a kill: the file stays
    ASSERT_EQ(local(path, 0), 0) << logged();
    umask(old);
    ASSERT_EQ(stat(path.c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0077, 0u);

    const int client = dial_unix(path);
    const int fd = accept(set.fd[0], nullptr, nullptr);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(peer(fd), path + ":0");
    EXPECT_EQ(own(fd), path + ":0");
    EXPECT_TRUE(socket_is_local(fd));
    EXPECT_EQ(socket_set_nodelay(fd, true), 0);
    EXPECT_EQ(socket_set_keepalive(fd, 300), 0);
    close(fd);
    close(client);
}

TEST_F(ListenTest, UnixSocketRightsAreNeverWider)
{
    const std::string path = dir + "/s";
    const mode_t old = umask(0);
    ASSERT_EQ(local(path, 0600), 0) << logged();
    umask(old);
    struct stat st;
    ASSERT_EQ(stat(path.c_str(), &st), 0);
    EXPECT_EQ(st.st_mode & 0777, 0600u);
}

TEST_F(ListenTest, UnixSocketFailures)
{
    const std::string file = dir + "/file";
    std::ofstream(file) << "precious";
    EXPECT_EQ(local(file, 0), -EADDRINUSE);
    std::string kept;
    std::ifstream(file) >> kept;
    EXPECT_EQ(kept, "precious");
    EXPECT_EQ(local(dir + "/none/s", 0), -ENOENT);
    EXPECT_NE(logged().find("# Failed opening Unix socket: bind: No such file or directory"),
              std::string::npos);
    EXPECT_EQ(local(std::string(200, 'x'), 0), -ENAMETOOLONG);
    EXPECT_EQ(local(dir + "/s", 0600, "no such group"), -ENOENT);
    EXPECT_NE(logged().find("# Failed opening Unix socket: group: "), std::string::npos);
    EXPECT_EQ(set.count, 0u);
}

TEST_F(ListenTest, UnixSocketBelongsToTheGroup)
{
    gid_t groups[64];
    const int n = getgroups(64, groups);
    ASSERT_GE(n, 0);
    const gid_t gid = n > 0 ? groups[n - 1] : getgid(); // one that we may give it to
    const struct group *g = getgrgid(gid);
    ASSERT_NE(g, nullptr);
    ASSERT_EQ(local(dir + "/s", 0660, g->gr_name), 0) << logged();
    struct stat st;
    ASSERT_EQ(stat((dir + "/s").c_str(), &st), 0);
    EXPECT_EQ(st.st_gid, gid);
    EXPECT_EQ(st.st_mode & 0777, 0660u);
}

TEST_F(ListenTest, WarnsOfAVainBacklog)
{
    listen_check_backlog(1);
    EXPECT_EQ(logged(), "");
    listen_check_backlog(1000 * 1000 * 1000);
    EXPECT_NE(logged().find("The TCP backlog setting of 1000000000 cannot be enforced"),
              std::string::npos);
}

TEST_F(ListenTest, SocketOptions)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(socket_set_nodelay(fd, true), 0);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    EXPECT_EQ(socket_set_nodelay(fd, false), 0);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_NODELAY), 0);

    EXPECT_EQ(socket_set_keepalive(fd, 300), 0);
    EXPECT_EQ(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 300);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 100);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 3);
    EXPECT_EQ(socket_set_keepalive(fd, 2), 0);
    EXPECT_EQ(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 1);
    EXPECT_EQ(socket_set_keepalive(fd, 0), 0);
    EXPECT_EQ(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);

    EXPECT_EQ(socket_set_nonblocking(fd, true), 0);
    EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
    EXPECT_EQ(socket_set_nonblocking(fd, false), 0);
    EXPECT_FALSE(fcntl(fd, F_GETFL) & O_NONBLOCK);
    EXPECT_EQ(socket_set_cloexec(fd), 0);
    EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    EXPECT_EQ(socket_set_mark(fd, 0), 0);

    EXPECT_EQ(peer(fd), "?:0") << "not connected";
    EXPECT_FALSE(socket_is_local(fd));
    char small[5];
    EXPECT_EQ(socket_own_name(fd, small, sizeof small), 4u) << "0.0.0.0:0, cut";
    EXPECT_STREQ(small, "0.0.");
    close(fd);
    EXPECT_EQ(socket_set_nonblocking(fd, true), -EBADF);
}

} // namespace
