/*
 * unix_socket.h: a socket with a name, for clients on this machine.
 *
 * The name stays when its process is killed: one that nobody listens at any
 * more is taken away by the next who wants it, and nothing else is.
 */
#ifndef VMM_UNIX_SOCKET_H
#define VMM_UNIX_SOCKET_H

/*
 * Listen there, not blocking, for this user alone. The descriptor, and the
 * caller unlinks `path' when he closes it; or -errno, not said: -EADDRINUSE:
 * there is a file, or one who listens; -ENAMETOOLONG; -EINVAL: no name.
 */
int unix_socket_listen(const char *path, int backlog);

#endif
