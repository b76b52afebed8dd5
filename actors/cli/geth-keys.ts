// Keys that a geth's configuration file may have (`geth dumpconfig`, and those that it leaves out while they are empty)
// and that say nothing to this node. A file with them is read, and its reader told that they do nothing.

const sections: Readonly<Record<string, string>> = {
  Eth: `Genesis SyncMode HistoryMode EthDiscoveryURLs SnapDiscoveryURLs NoPruning NoPrefetch TxLookupLimit
    TransactionHistory LogHistory LogNoHistory LogExportCheckpoints StateHistory TrienodeHistory
    NodeFullValueCheckpoint StateScheme BinTrieGroupDepth SlowBlockThreshold DatabaseCache DatabaseFreezer DatabaseEra
    TrieCleanCache TrieDirtyCache TrieTimeout SnapshotCache Preimages FilterLogCacheSize LogQueryLimit
    EnablePreimageRecording EnableWitnessStats StatelessSelfValidation EnableStateSizeTracking SnapV2 VMTrace
    VMTraceJsonConfig RPCGasCap RPCEVMTimeout RPCTxFeeCap OverrideOsaka OverrideAmsterdam OverrideBPO1 OverrideBPO2
    OverrideUBT OverrideVerkle EngineMaxReorgDepth TxSyncDefaultTimeout TxSyncMaxTimeout RangeLimit`,
  'Eth.Miner': 'Etherbase PendingFeeRecipient ExtraData GasCeil GasPrice Recommit MaxBlobsPerBlock',
  'Eth.TxPool': `Locals NoLocals Journal Rejournal PriceLimit PriceBump AccountSlots GlobalSlots AccountQueue
    GlobalQueue Lifetime`,
  'Eth.BlobPool': 'Datadir Datacap PriceBump FetchProbability',
  'Eth.GPO': 'Blocks Percentile MaxHeaderHistory MaxBlockHistory MaxPrice IgnorePrice Default',
  Node: `KeyStoreDir ExternalSigner UseLightweightKDF InsecureUnlockAllowed NoUSB USB SmartCardDaemonPath WSExposeAll
    GraphQLCors GraphQLVirtualHosts AllowUnprotectedTxs EnablePersonal DBEngine`,
  'Node.P2P': `MaxPendingPeers DialRatio NoDiscovery DiscoveryV4 DiscoveryV5 BootstrapNodes BootstrapNodesV5
    NetRestrict NodeDatabase DiscAddr NAT EnableMsgEvents`,
  'Node.OpenTelemetry': 'Enabled Endpoint AuthUser AuthPassword InstanceID SampleRatio Tags',
  Ethstats: 'URL',
  Metrics: `EnabledExpensive EnableInfluxDB InfluxDBEndpoint InfluxDBDatabase InfluxDBUsername InfluxDBPassword
    InfluxDBTags InfluxDBInterval EnableInfluxDBV2 InfluxDBToken InfluxDBBucket InfluxDBOrganization`,
}

/** As `Eth.SyncMode`. */
export const gethKeys: ReadonlySet<string> = new Set(
  Object.entries(sections).flatMap(([section, names]) => names.split(/\s+/).map((name) => `${section}.${name}`)),
)
