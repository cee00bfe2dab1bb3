/** An address where attempts to connect are not answered, as those of a machine that is gone. @module */

/** Listens at an address, and lets the system leave all attempts to connect to it unanswered: its queue is full. */
export async function leaveUnanswered(
  address: { readonly hostname: string; readonly port: number },
): Promise<{ readonly port: number } & Disposable> {
  const listener = Deno.listen({ ...address, tcpBacklog: 1 });
  const { hostname, port } = listener.addr;
  // Linux queues one connection more than it is asked to.
  const queued = [await Deno.connect({ hostname, port }), await Deno.connect({ hostname, port })];
  return {
    port,
    [Symbol.dispose]() {
      for (const each of [listener, ...queued]) each.close();
    },
  };
}
