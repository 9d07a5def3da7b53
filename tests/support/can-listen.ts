// CanListen: whether this machine lets a process listen somewhere now.
import { once } from 'node:events';
import { createServer, type ListenOptions } from 'node:net';

export async function canListen(where: ListenOptions): Promise<boolean> {
  const server = createServer().listen(where);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
