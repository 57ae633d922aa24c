PRAGMA user_version=0;
CREATE TABLE records (
	namespace VARCHAR(40) NOT NULL, 
	"key" VARCHAR(400) NOT NULL, 
	value BLOB NOT NULL, 
	size INTEGER NOT NULL, 
	version VARCHAR(32) NOT NULL, 
	written_at FLOAT NOT NULL, 
	PRIMARY KEY (namespace, "key")
);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'heard', '1009/001795974126/00000000000000001075', X'', 0, '19fbf50950c14ffca960effba3dabcbd', 1767289326.240636);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'heard', '1009/001795974129/00000000000000001113', X'', 0, '0d34fd911d0042c09951fdca8a4ffacf', 1767289329.780115);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'heard', '1009/001795974131/00000000000000001136', X'', 0, '2cc31daacc39401b86fa50be9a351c1e', 1767289331.318232);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'heard', '1009/001795974133/00000000000000001146', X'', 0, 'ee278a69481d4122a1cbe13fc6a8154e', 1767289333.829875);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'survey', '1006/1beba3f4654aabe8065ee0e5a7f636be', X'789ced57c96ee33810fd158197b9381e2ea248e61fe6d40dcc61d0308a8b6cc1b26848722746e07f9fa264c7b1e364d259a6d133812f5cc4570b5fd5a3ef888bab55d5936b22a496e04bc669f05414924ba99dd10284f632509a9700d40090096960153a72fd1799877e76136c17dd12472b68601eda5909ae8fed163f8cb527df26c4d59be1fb3bb206b7c46fd05c13fa166616e7a1f1afc05c45bfa9c713b05ee3faf18c8b6d3859780c72135bdf259839f403c8b71d4e6e608be3bbdd84b431f6c3f284d83adab47aeaf1efb359d554fd6c365d6f319a50181fb8b1967be68b5ce4565b6e20288539d58e875c3b290c4b819ec0a0efef09d5c60dc6f301886e01fd88a69c715a292672c514773af7560ba90a273597ce7a2a9d3165513e87b60850f78b118f490914b8d4d6940a8a2230098597c2b2d2cadc3a154ae7a8bf8cd785f67be5de37e27bcc751b6d180181ab4271c9559e1b495da1a4d29297b90e92721c973937583ae179c00d8e66e136b84d5fc50679daf4e1769f56c9ad905863aae002b810bae0ca4ae068020b3218701a84e1fca28553eebf6732ce901fd5d46882530abe088e968a1a5d049b6ba041ab5c16181313f8e3c09979958943d98ea69c021e9ca18e53280d55600c175ae4a6b08c59ab01b836257d224fa9ecf72e078ef7c8a89001db1be656d0021d76252034b6ba12f3e2349504bb41590d9de6bc055c2a8f3bd286756cfb34eab7ebd4e9be38689a907adc1afac579ebbb84922c36be6ae663d35c55f3161263f0ec7d76aef6d9b93a36b597c3b7d0a4267c47ba1e92af8cd209497df89a71332175d5e0aec0c61debcd0acd2a3e6ccfee37d2e4b0c928c31c2dab749c54ab21fa09e9b62b1beb7377a6e8cef4f4c2a74f5ff83f49012a4637aac9d745d565a3ed2eeb1721f361dd0687cddd671fe5c034fb8a86f6930ced1f6d5e672b58860cb23f83fd321cfe633c9b95b11dfc4bade0b72edbb78049d6455c867e58ef32bc968418eb0436c548d1ebba7260abbaea137b7dd5ad6bd85ec5a61eee334097e8d16ceafa30c3d87c382c95d5ed61e8daaa4728bc9abedd8409a9e60d26c18fdbbbc9bf42b73d9fc835a7ec403775a41b930fe9a64ee996e747b66118f5cfe15ab2fcc9b4b7306d786fa14f7e787d210b625c0e93374ac45b24e644399f159027374f20d203b3fabe7f60bef0adf13a05790cf4de2272c9c2e3c236f785ad0f856d1ee848f1b0b0cdb98ec84f1df915abbb84bafb10217909e538cf0f9493e24039c69e1293b4f3a926ff41be7dcac98ffe957a9dd0fc58ee1e48d0e7059dfc017d65f68ffefc9f53bbdbfd0d2a215482', 959, '84aa877e5f9a4c3fafba31f51494ae2a', 1767289323.542053);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'survey-brief', '1006/1beba3f4654aabe8065ee0e5a7f636be', X'789cab56ca4bcc4d2d56b28a564a4f2d892f4f4d2ace4fce06b27213f312d3538be2d312934bf28b2a957494f27352946275948af2f34b40ea636b01a2b515c6', 64, '39532301eb4e4a35bae46c0fc6096e59', 1767289323.573867);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'sweep', 'asked/00000000-0000-4000-8000-000000000002', CAST('{"times": 1, "at": "2026-01-01T17:42:25.121515+00:00"}' AS BLOB), 54, '97a13f2c660946edb707e96d4b789d70', 1767289345.288398);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'sweep', 'judged/1006/d1fbe43f2db63981e17a053239f04b7c24140c92', X'', 0, 'd045493785ab4a919922e399818d6bf5', 1767289345.266725);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'sweep', 'settled', CAST('2026-01-01T17:41:37.295321+00:00' AS BLOB), 32, '922a3320769f49a7b5eb4dae548dad84', 1767289298.104188);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'tracker', '1006/1/greeting', CAST('{"written": true, "last": {"commit": "3585adf120ed03652558c983a38d5e004faa09aa", "at": "2026-01-01T17:41:36+00:00", "usages": {}}, "before": null, "origins": {}, "seen": [], "page": "http://github.test/acme/service/issues/1", "history": [["2026-01-01T17:41:36+00:00", "3585adf120ed03652558c983a38d5e004faa09aa", 0]]}' AS BLOB), 320, '959e574260f84ba2a309a5ca73e4890d', 1767289343.024347);
INSERT INTO records (namespace, key, value, size, version, written_at) VALUES (
  'tracker', '1006/1/websocket-manager-factory', CAST('{"written": true, "last": {"commit": "3585adf120ed03652558c983a38d5e004faa09aa", "at": "2026-01-01T17:41:36+00:00", "usages": {"netra_backend/app/routes/chat.py": 2, "netra_backend/app/services/probe.py": 2}}, "before": null, "origins": {}, "seen": ["netra_backend/app/routes/chat.py", "netra_backend/app/services/probe.py"], "page": "http://github.test/acme/service/issues/1", "history": [["2026-01-01T17:41:36+00:00", "3585adf120ed03652558c983a38d5e004faa09aa", 4]]}' AS BLOB), 472, '152b9052b79b4b3d83e4939147f80be5', 1767289343.01355);
