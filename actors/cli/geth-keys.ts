// Keys that a geth's configuration file may have (`geth dumpconfig`, and those that it leaves out while they are empty)
// and that mean nothing to this node. A file with them is read, and a warning names them. Those that geth
// itself no longer heeds are among them (cmd/geth, `deprecatedConfigFields`), and those that it had up to 1.13.

const sections: Readonly<Record<string, string>> = {
  Eth: `Genesis HistoryMode SnapDiscoveryURLs NoPruning NoPrefetch NoPrecompileCache
    TxLookupLimit
    TransactionHistory LogHistory LogNoHistory LogExportCheckpoints StateHistory TrienodeHistory
    NodeFullValueCheckpoint StateScheme BinTrieGroupDepth SlowBlockThreshold DatabaseCache DatabaseFreezer DatabaseEra
    TrieCleanCache TrieDirtyCache TrieTimeout SnapshotCache Preimages FilterLogCacheSize LogQueryLimit
    EnablePreimageRecording EnableWitnessStats StatelessSelfValidation EnableStateSizeTracking SnapV2 VMTrace
    VMTraceJsonConfig RPCGasCap RPCEVMTimeout RPCTxFeeCap OverrideCancun OverrideOsaka OverrideAmsterdam OverrideBPO1
    OverrideBPO2 OverrideUBT OverrideVerkle EngineMaxReorgDepth TxSyncDefaultTimeout TxSyncMaxTimeout RangeLimit
    EVMInterpreter EWASMInterpreter TrieCleanCacheJournal TrieCleanCacheRejournal LightServ LightIngress LightEgress
    LightPeers LightNoPrune LightNoSyncServe`,
  'Eth.Miner':
    'Etherbase PendingFeeRecipient ExtraData GasFloor GasCeil GasPrice Recommit NewPayloadTimeout MaxBlobsPerBlock',
  'Eth.TxPool': `Locals NoLocals Journal Rejournal PriceLimit PriceBump AccountSlots GlobalSlots AccountQueue
    GlobalQueue Lifetime`,
  'Eth.BlobPool': 'Datadir Datacap PriceBump FetchProbability BlockedRatio',
  'Eth.GPO': 'Blocks Percentile MaxHeaderHistory MaxBlockHistory MaxPrice IgnorePrice Default',
  Node: `KeyStoreDir ExternalSigner UseLightweightKDF InsecureUnlockAllowed NoUSB USB SmartCardDaemonPath WSExposeAll
    GraphQLCors GraphQLVirtualHosts AllowUnprotectedTxs EnablePersonal DBEngine`,
  'Node.P2P': 'MaxPendingPeers DialRatio NodeDatabase EnableMsgEvents',
  'Node.OpenTelemetry': 'Enabled Endpoint AuthUser AuthPassword InstanceID SampleRatio Tags',
  Ethstats: 'URL',
  Metrics: `EnabledExpensive EnableInfluxDB InfluxDBEndpoint InfluxDBDatabase InfluxDBUsername InfluxDBPassword
    InfluxDBTags InfluxDBInterval EnableInfluxDBV2 InfluxDBToken InfluxDBBucket InfluxDBOrganization`,
}

/** As `Eth.HistoryMode`. */
export const gethKeys: ReadonlySet<string> = new Set(
  Object.entries(sections).flatMap(([section, names]) => names.split(/\s+/).map((name) => `${section}.${name}`)),
)
