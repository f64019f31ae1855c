/**
 * Every bound of this package in one place, each with its reason.
 *
 * A bound is checked before memory is taken. `docs/reference/limits.md` shows the same list to
 * users; a test compares the two, so a number changed here must be changed there.
 */

const KiB = 1024
const MiB = 1024 * KiB

export interface Limit {
  readonly value: number
  readonly unit: 'bytes' | 'ms' | 'count'
  readonly reason: string
}

function limit(value: number, unit: Limit['unit'], reason: string): Limit {
  return { value, unit, reason }
}

export type LimitName =
  | 'linkOfflineAfterMs'
  | 'redialAfterCloseMs'
  | 'stopMarginMs'
  | 'leaseMarginMs'
  | 'leaseStopMsDefault'
  | 'ownershipFileBytesMax'
  | 'leaseGapPart'
  | 'leaseTickPart'
  | 'reassignRoundMs'
  | 'reassignRoundPart'
  | 'signalRepeatMs'
  | 'failuresShownMax'
  | 'handshakeFrameBytesMax'
  | 'handshakeTimeoutMs'
  | 'frameBytesMax'
  | 'messageBytesMax'
  | 'bodyBytesMax'
  | 'bodyParsedFirstBytesMax'
  | 'bodyDepthMax'
  | 'envelopeTargetsMax'
  | 'bodyBigintDigitsMax'
  | 'machineNameBytesMax'
  | 'requestBackstopMs'
  | 'connectionsMax'
  | 'connectionsPerAddressMax'
  | 'connectionsReserved'
  | 'strangersMax'
  | 'strangersPerAddressMax'
  | 'provenAddressesMax'
  | 'refusalsFree'
  | 'refusalDelayMsMin'
  | 'refusalDelayMsMax'
  | 'refusalDelayProvenMsMax'
  | 'refusalForgiveMs'
  | 'refusalAddressesMax'
  | 'refusalReportsBurst'
  | 'refusalReportEveryMs'
  | 'sessionBufferBytesMax'
  | 'sessionBufferBytesMin'
  | 'sessionBufferBytesTop'
  | 'sessionReserveBytes'
  | 'sessionResumeWindowMs'
  | 'sessionResumeWindowMsMax'
  | 'ackEveryMessages'
  | 'ackEveryBytes'
  | 'closeTimeoutMs'
  | 'dialAttemptTimeoutMs'
  | 'redialDelayMsMax'
  | 'pendingRequestsMax'
  | 'channelFrameBytesMax'
  | 'channelBacklogBytesMax'
  | 'outputLineBytesMax'
  | 'shardsMax'
  | 'optionListMax'
  | 'machineNameCharsMax'
  | 'timeoutMsMax'
  | 'heartbeatMsMin'
  | 'heartbeatMsMax'
  | 'silenceMsMax'
  | 'pointsMax'
  | 'weightMax'
  | 'leaseMsMin'
  | 'leaseMsMax'
  | 'secretBytesMin'
  | 'managerLostGraceMs'
  | 'reaperStartMs'
  | 'reaperGraceMs'
  | 'reaperLookEveryMs'
  | 'leaseLookEveryMs'
  | 'leaseDrainMs'
  | 'leaseStopMarginMs'
  | 'leaseRequestsMax'
  | 'workersEndMs'
  | 'smallFileBytesMax'
  | 'epochAttemptsMax'
  | 'epochFilesKept'
  | 'epochMarksKept'
  | 'bookedInstancesMax'
  | 'formerInstancesMs'
  | 'outputDrainMs'
  | 'memoryReportEveryMs'
  | 'memoryToldEveryMs'
  | 'memoryMbMax'
  | 'botRedialMsMin'
  | 'botRedialMsMax'
  | 'botHelloEveryMs'
  | 'botWindowBytes'
  | 'botAnswerMarginMs'
  | 'udpWindowBytes'
  | 'udpUndeliveredBytesMax'
  | 'udpUndeliveredPacketsMax'
  | 'udpLingerMs'
  | 'udpRepliesPerSecondMax'
  | 'udpCookieLifetimeMs'
  | 'udpRetryMsMin'
  | 'udpRetryMsMax'

export const limitTable: Readonly<Record<LimitName, Limit>> = {
  linkOfflineAfterMs: limit(
    3_000,
    'ms',
    'A broken link that is back by then is not noticed by callers; after it they get offline.',
  ),
  redialAfterCloseMs: limit(
    1_000,
    'ms',
    'A child that said goodbye is probably being restarted: no hurry, and no long wait either.',
  ),
  leaseMarginMs: limit(
    1_000,
    'ms',
    'What a parent waits beyond lease and stop time before it gives shards away, beside 2% of the lease.',
  ),
  leaseStopMsDefault: limit(
    11_000,
    'ms',
    'The stop time of a machine that has never told its own: twice the default killTimeoutMs, and one second.',
  ),
  ownershipFileBytesMax: limit(
    4 * MiB,
    'bytes',
    'The record of who runs what: 1,000 machines with 100 ranges of shards each take 1 MB.',
  ),
  leaseGapPart: limit(
    4,
    'count',
    'A parent that did nothing for this part of a lease was suspended: it asks who answers it now.',
  ),
  leaseTickPart: limit(
    20,
    'count',
    'How often per lease a parent looks whose has ended: it gives shards away 5% late at most.',
  ),
  reassignRoundMs: limit(
    10_000,
    'ms',
    'Time between two rounds of giving shards of lost machines away: sessions start in between.',
  ),
  reassignRoundPart: limit(
    10,
    'count',
    'One machine of so many is given away per round, and always one: a wrong idea of many is no storm.',
  ),
  stopMarginMs: limit(
    10_000,
    'ms',
    'What a parent adds to the stop time of a machine before it gives up waiting for its word.',
  ),
  signalRepeatMs: limit(
    500,
    'ms',
    'A terminal and a package runner may both deliver one Ctrl-C; a person is slower.',
  ),
  failuresShownMax: limit(
    20,
    'count',
    'The message of an error is read by people; `failures` holds all of them.',
  ),
  handshakeFrameBytesMax: limit(
    16 * KiB,
    'bytes',
    'Before a peer has proven who it is, it gets memory for one small message and no more.',
  ),
  handshakeTimeoutMs: limit(
    10_000,
    'ms',
    'Ten slow round trips fit; a peer that says nothing does not hold a connection for longer.',
  ),
  frameBytesMax: limit(
    64 * KiB,
    'bytes',
    'Large messages go in parts of this size, so that heartbeats find a gap every few milliseconds.',
  ),
  messageBytesMax: limit(
    72 * MiB,
    'bytes',
    'One body of bodyBytesMax with its headers; larger answers should be split by the bot.',
  ),
  bodyBytesMax: limit(
    64 * MiB,
    'bytes',
    'Ten times the largest eval result seen in the field, and still small beside a manager.',
  ),
  bodyParsedFirstBytesMax: limit(
    256 * KiB,
    'bytes',
    'The depth of a body up to this is looked at after it was parsed: of brackets alone it takes 10 MB.',
  ),
  bodyDepthMax: limit(
    200,
    'count',
    'Deeper values are cycles in disguise or attacks on the stack.',
  ),
  envelopeTargetsMax: limit(
    16_384,
    'count',
    'Ranges of instance ids in one header; lists of this size are ranges in practice.',
  ),
  bodyBigintDigitsMax: limit(
    10_000,
    'count',
    'Turning digits into a BigInt takes time that grows with their square.',
  ),
  machineNameBytesMax: limit(
    512,
    'bytes',
    'Twice the longest host name with its port; the name stands in headers of messages.',
  ),
  requestBackstopMs: limit(
    1_000,
    'ms',
    'How long after its deadline an asker still waits for its own manager to say who timed out.',
  ),
  connectionsMax: limit(
    64,
    'count',
    'A child has one parent; the rest are reconnects and strangers, who must not pile up.',
  ),
  connectionsPerAddressMax: limit(16, 'count', 'One address may not use up connectionsMax.'),
  connectionsReserved: limit(
    16,
    'count',
    'Of connectionsMax, for addresses that have proven themselves: a flood leaves them a way in.',
  ),
  strangersMax: limit(
    32,
    'count',
    'Connections that have proven nothing yet, below connectionsMax so that parents fit beside them.',
  ),
  strangersPerAddressMax: limit(
    8,
    'count',
    'Half of connectionsPerAddressMax: who shares the address of a stranger can still get in.',
  ),
  provenAddressesMax: limit(
    64,
    'count',
    'Addresses from which a parent has proven itself; it has one, and a few more over the years.',
  ),
  refusalsFree: limit(
    3,
    'count',
    'Failed handshakes of one address that cost it no waiting: connections do break by themselves.',
  ),
  refusalDelayMsMin: limit(
    100,
    'ms',
    'Doubled with every failed handshake after the free ones: guessing gets slow, a slip does not.',
  ),
  refusalDelayMsMax: limit(
    30_000,
    'ms',
    'Two guesses in a minute are none; an operator with a typing error can wait that long once.',
  ),
  refusalDelayProvenMsMax: limit(
    1_000,
    'ms',
    'The same for an address that has proven itself: its parent must not be locked out for long.',
  ),
  refusalForgiveMs: limit(
    30_000,
    'ms',
    'One failed handshake is forgiven in this time, so a parent that redials slowly never waits.',
  ),
  refusalAddressesMax: limit(
    1_024,
    'count',
    'Addresses whose failures are kept; about 100 bytes each, and the oldest is forgotten first.',
  ),
  refusalReportsBurst: limit(
    20,
    'count',
    'Refusals that are reported one by one before reports get rare; the counts stay exact.',
  ),
  refusalReportEveryMs: limit(
    1_000,
    'ms',
    'One refusal in this time is reported after the burst, and says how many were not.',
  ),
  sessionBufferBytesMax: limit(
    256 * MiB,
    'bytes',
    'What one side keeps for resending until the other has confirmed it.',
  ),
  sessionBufferBytesMin: limit(
    80 * MiB,
    'bytes',
    'The largest message alone has to fit: a smaller buffer would never take it.',
  ),
  sessionBufferBytesTop: limit(
    16 * 1024 * MiB,
    'bytes',
    'More than a manager should ever hold for one machine; a typing error must not get there.',
  ),
  sessionReserveBytes: limit(
    16 * MiB,
    'bytes',
    'On top of the buffer for what managers say to each other and for reports of lost messages.',
  ),
  sessionResumeWindowMs: limit(
    60_000,
    'ms',
    'How long a broken link may take to come back before its messages count as lost.',
  ),
  sessionResumeWindowMsMax: limit(
    86_400_000,
    'ms',
    'A machine that is away for a day is not coming back to where it was.',
  ),
  ackEveryMessages: limit(64, 'count', 'Confirming more rarely keeps more messages in memory.'),
  ackEveryBytes: limit(
    1 * MiB,
    'bytes',
    'A few large messages are confirmed without waiting for 64 of them.',
  ),
  closeTimeoutMs: limit(
    3_000,
    'ms',
    'How long a goodbye may take to reach the peer before the connection is cut.',
  ),
  dialAttemptTimeoutMs: limit(
    10_000,
    'ms',
    'A host that drops packets says nothing for minutes; the next attempt may fare better.',
  ),
  redialDelayMsMax: limit(
    30_000,
    'ms',
    'A machine that comes back is found within this time, and no sooner is it worth the noise.',
  ),
  pendingRequestsMax: limit(
    65_536,
    'count',
    'Calls of one asker that wait for answers; more means that the caller never awaits.',
  ),
  channelFrameBytesMax: limit(
    72 * MiB,
    'bytes',
    'The local channel carries the same bodies as a link.',
  ),
  channelBacklogBytesMax: limit(
    256 * MiB,
    'bytes',
    'What a manager holds for one instance that does not read, before it refuses more.',
  ),
  outputLineBytesMax: limit(
    16 * KiB,
    'bytes',
    'A longer line of a bot is passed on in pieces, so a bot cannot fill the memory of its manager.',
  ),
  shardsMax: limit(
    1_000_000,
    'count',
    'Ten times the largest bot imaginable; a typing error must not allocate gigabytes.',
  ),
  optionListMax: limit(
    4_096,
    'count',
    'Entries of a list or of env in an option, shards and points apart; a system takes no more.',
  ),
  machineNameCharsMax: limit(
    64,
    'count',
    'A machine name stands before every line that its instances print.',
  ),
  timeoutMsMax: limit(
    2_147_483_647,
    'ms',
    'Timers of Node.js hold no more (2^31 - 1); a longer one would fire at once.',
  ),
  heartbeatMsMin: limit(
    100,
    'ms',
    'Beats closer than that cost more than they tell, and a busy event loop misses them.',
  ),
  heartbeatMsMax: limit(
    60_000,
    'ms',
    'Rarer beats would find a dead machine later than sessionResumeWindowMs allows.',
  ),
  silenceMsMax: limit(
    600_000,
    'ms',
    'Ten of the rarest heartbeats; whoever is silent for longer is not there.',
  ),
  pointsMax: limit(4_096, 'count', 'Machines of one parent.'),
  weightMax: limit(
    1_000_000,
    'count',
    'Weights are compared with each other; the least one is 1 / weightMax, so none gets lost.',
  ),
  leaseMsMin: limit(
    2_000,
    'ms',
    'Five renewals 400 ms apart; with less, a short pause of a process would end the bots.',
  ),
  leaseMsMax: limit(
    3_600_000,
    'ms',
    'Shards of a lost machine stay dark for longer than the lease; after an hour a person is there.',
  ),
  secretBytesMin: limit(16, 'bytes', 'Shorter secrets can be guessed from a recorded handshake.'),
  managerLostGraceMs: limit(
    2_000,
    'ms',
    'Time an instance has to say goodbye when its manager is gone; all are gone within 5 s.',
  ),
  reaperStartMs: limit(
    1_000,
    'ms',
    'Instances start sooner without a process more beside them; hardly any of them works for long by then.',
  ),
  reaperGraceMs: limit(
    3_500,
    'ms',
    'After this the reaper kills instances of a dead manager that have not ended by themselves.',
  ),
  reaperLookEveryMs: limit(
    100,
    'ms',
    'How exactly the reaper keeps a time; it looks at nothing while there is nothing to wait for.',
  ),
  leaseLookEveryMs: limit(
    1_000,
    'ms',
    'Timers stand still while a machine sleeps and leases do not: a lease is looked at this often.',
  ),
  leaseDrainMs: limit(
    500,
    'ms',
    'An instance that was suspended reads on for so long, as the renewals may wait behind messages.',
  ),
  leaseStopMarginMs: limit(
    1_000,
    'ms',
    'What a machine adds to twice its killTimeoutMs: ended instances are gone at the latest then.',
  ),
  leaseRequestsMax: limit(
    32,
    'count',
    'Lease requests that wait for their grant; five in a lease are usual, older ones are forgotten.',
  ),
  workersEndMs: limit(
    500,
    'ms',
    'Threads that were terminated get this time before the reaper kills the manager they live in.',
  ),
  smallFileBytesMax: limit(
    1 * MiB,
    'bytes',
    'Certificates, keys and state files are far smaller; a wrong path must not fill the memory.',
  ),
  epochAttemptsMax: limit(
    100,
    'count',
    'An attempt fails only where another start took a number at that very moment.',
  ),
  epochFilesKept: limit(
    8,
    'count',
    'A start that overlaps with others must find the numbers that they have taken.',
  ),
  epochMarksKept: limit(
    16,
    'count',
    'Parents whose last epoch a child remembers; it has one, and a few more over the years.',
  ),
  bookedInstancesMax: limit(
    10_000,
    'count',
    'Processes in the book of a child, 40 bytes each; one machine runs no more bots than that.',
  ),
  formerInstancesMs: limit(
    4_500,
    'ms',
    'The reaper of a killed manager takes reaperGraceMs, and a second more where all is busy.',
  ),
  outputDrainMs: limit(
    500,
    'ms',
    'How long the last output of an exited instance is waited for; a process it left behind may hold it open.',
  ),
  memoryReportEveryMs: limit(
    2_000,
    'ms',
    'How often an instance measures its memory, in 0.1 ms: one that outgrows its limit is found in 4 s.',
  ),
  memoryToldEveryMs: limit(
    30_000,
    'ms',
    'How often a machine tells its parent of one instance, if a tenth has changed: there may be 100,000.',
  ),
  memoryMbMax: limit(
    1_048_576,
    'count',
    'MiB in maxMemoryMb: a terabyte for one instance is a limit given in bytes by mistake.',
  ),
  botRedialMsMin: limit(
    25,
    'ms',
    'How soon the socket of a starting discordoo bot is tried again; a try costs 0.1 ms.',
  ),
  botRedialMsMax: limit(
    500,
    'ms',
    'The time between tries grows with the wait up to this: bots of other libraries never open one.',
  ),
  botHelloEveryMs: limit(
    1_000,
    'ms',
    'How often a discordoo bot that took the connection is greeted until it answers, as by discordoo.',
  ),
  botWindowBytes: limit(
    256 * KiB,
    'bytes',
    'What a discordoo bot is sent before it has read it: its parser goes over all of that each time.',
  ),
  botAnswerMarginMs: limit(
    1_000,
    'ms',
    'A discordoo bot gives up on an answer after 60 s; it should hear before who did not answer.',
  ),
  udpWindowBytes: limit(
    1 * MiB,
    'bytes',
    'What one side of a UDP connection may send before the other has read: 20 MB/s at 50 ms.',
  ),
  udpUndeliveredBytesMax: limit(
    2 * MiB,
    'bytes',
    'Packets that came before their turn are kept; an honest peer has one window of them.',
  ),
  udpUndeliveredPacketsMax: limit(
    16_384,
    'count',
    'The same for small packets, each of which costs some 100 bytes beside what is in it.',
  ),
  udpLingerMs: limit(
    5_000,
    'ms',
    'The last words of a UDP connection get three repetitions, which come after 1, 3 and 5 s.',
  ),
  udpRepliesPerSecondMax: limit(
    1_000,
    'count',
    'Answers to senders who may have forged their address: 48 KB/s at most go to a third party.',
  ),
  udpCookieLifetimeMs: limit(
    10_000,
    'ms',
    'How long a proof of address is good, and up to as long again; a dial attempt takes no longer.',
  ),
  udpRetryMsMin: limit(
    250,
    'ms',
    'A question that was lost is asked again after several round trips, and then ever more rarely.',
  ),
  udpRetryMsMax: limit(
    2_000,
    'ms',
    'The longest time between two questions while a machine does not answer over UDP.',
  ),
}

/** The bare numbers, for code. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- entries of a complete record make a complete one
export const limits: Readonly<Record<LimitName, number>> = Object.fromEntries(
  Object.entries(limitTable).map(([name, { value }]) => [name, value]),
) as Record<LimitName, number>
