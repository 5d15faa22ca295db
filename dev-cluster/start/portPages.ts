/**
 * Where the browser editor's pages find this machine's ports. VS Code in a browser sends every loopback address through
 * one template, by default a proxy at /proxy/PORT, which its server on its own does not have. This one answers with the
 * real address: browser and services are on one machine.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface PortPages {
  /** For VSCODE_PROXY_URI. */
  readonly template: string;
  close(): void;
}

export async function servePortPages(): Promise<PortPages> {
  const server = createServer((request, response) => {
    // Nothing but digits and what follows them: it leads to no other machine.
    const [, port, path] = /^\/(\d{1,5})(\/.*)$/.exec(request.url ?? '') ?? [];
    if (port === undefined || path === undefined) response.writeHead(404).end();
    else response.writeHead(302, { Location: `http://127.0.0.1:${port}${path}` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    template: `http://127.0.0.1:${port}/{{port}}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
